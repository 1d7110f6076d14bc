import CL45Netlink
package import L45Model

/// What the kernel tap says of itself (STATUS). Pure.
package struct KernelStatus: Hashable, Sendable {
    /// Of the message tree, L45_GENL_VERSION.
    package var version: UInt32
    /// The table in force for calls that begin now; `.none` no table.
    package var generation: Generation
    /// nil without a table.
    package var digest: Digest?
    /// The oldest generation that a call still works by.
    package var inForce: Generation
    package var modules: Int
    package var sockets: Int
    /// Sockets that matched and must not be tapped, since the table was first set.
    package var refused: UInt64
    /// Sockets left untapped for want of memory.
    package var failed: UInt64
    /// Drawn when the modules' chains of keys began; 0 of an l45.ko that has none.
    package var life: UInt64

    /// - Parameter answer: the top level of an answer to STATUS.
    package init(_ answer: Attributes) throws(NetlinkMalformed) {
        guard let status = try answer.nest(L45_A_STATUS) else { throw NetlinkMalformed("the status is missing") }
        version = try status.required(L45_ST_VERSION, "the version")
        generation = Generation(try status.required(L45_ST_GENERATION, "the generation"))
        inForce = Generation(try status.number(L45_ST_IN_FORCE) ?? generation.rawValue)
        let hex = status.text(L45_ST_DIGEST) ?? ""
        digest = generation == .none || hex.isEmpty ? nil : Digest(hex: hex)
        modules = Int(try status.number(L45_ST_MODULES, as: UInt32.self) ?? 0)
        sockets = Int(try status.number(L45_ST_SOCKETS, as: UInt32.self) ?? 0)
        refused = try status.number(L45_ST_REFUSED) ?? 0
        failed = try status.number(L45_ST_FAILED) ?? 0
        life = try status.number(L45_ST_LIFE) ?? 0
    }
}
