import CL45Core
import CL45Netlink
package import L45Model

/// A device's table as the commands that publish it to the kernel tap: BEGIN, ADD..., COMMIT. Pure.
package enum TableMessages {
    /// Of one message, headers included. One module with many remotes may need more, and then goes alone.
    package static let messageBytesMax = 32 * 1024

    /// - Throws: `TapError.tooManyModules`, `TapError.tooManyRemotes`, and `TapError.unfit` for a field that is out of its
    ///   bounds.
    package static func requests(for table: DeviceTable, digest: Digest) throws(TapError) -> [TapRequest] {
        let modules = try modules(of: table)
        var requests = [
            TapRequest(L45_CMD_BEGIN) { begin in
                begin.put(L45_A_GENERATION, table.generation.rawValue)
                begin.put(L45_A_DIGEST, text: digest.hex)
                begin.put(L45_A_COUNT, UInt32(modules.count))
            }
        ]
        let room = messageBytesMax - NetlinkMessage.headerBytes - NetlinkMessage.genericHeaderBytes
        var gathered: [UInt8] = []
        for module in modules {
            if !gathered.isEmpty, gathered.count + module.count > room {
                requests.append(TapRequest(L45_CMD_ADD, attributes: gathered))
                gathered = []
            }
            gathered += module
        }
        if !gathered.isEmpty { requests.append(TapRequest(L45_CMD_ADD, attributes: gathered)) }
        requests.append(TapRequest(L45_CMD_COMMIT) { $0.put(L45_A_GENERATION, table.generation.rawValue) })
        return requests
    }

    /// Whether the kernel tap can carry the table; throws as `requests` does.
    package static func check(_ table: DeviceTable) throws(TapError) { _ = try modules(of: table) }

    /// Each module as one attribute.
    private static func modules(of table: DeviceTable) throws(TapError) -> [[UInt8]] {
        guard table.modules.count <= Int(L45_MODULES_MAX) else {
            throw .tooManyModules(count: table.modules.count, max: Int(L45_MODULES_MAX))
        }
        var remotes = 0
        var modules: [[UInt8]] = []
        modules.reserveCapacity(table.modules.count)
        for entry in table.modules {
            let count = entry.plan.tapSocket.remotes.count
            guard count <= Int(L45_REMOTES_MAX) else {
                throw .tooManyRemotes(entry.plan.id, count: count, max: Int(L45_REMOTES_MAX))
            }
            remotes += count
            guard entry.plan.initKey.bytes.count == Int(CL45Netlink.L45_INIT_KEY_BYTES) else {
                throw .unfit(
                    entry.plan.id,
                    reason: "its init_key has \(entry.plan.initKey.bytes.count) bytes, 32 are needed")
            }
            if let what = entry.plan.dialect.beyondKernelTap {
                throw .unfit(
                    entry.plan.id,
                    reason: "the kernel's tap can not \(what): run its programs under the user-space tap")
            }
            modules.append(attribute(try ModuleRule(entry), initKey: entry.plan.initKey))
        }
        guard remotes <= Int(L45_TABLE_REMOTES_MAX) else {
            throw .tooManyRemotes(nil, count: remotes, max: Int(L45_TABLE_REMOTES_MAX))
        }
        return modules
    }

    private static func attribute(_ rule: ModuleRule, initKey: Secret) -> [UInt8] {
        var writer = AttributeWriter()
        writer.nest(L45_A_MODULE) { module in
            module.put(L45_M_ID, rule.id.rawValue)
            module.put(L45_M_GROUP, rule.group)
            module.put(L45_M_PRIORITY, rule.priority)
            module.put(L45_M_STATE, rule.state.number)
            module.put(L45_M_FLAGS, rule.flags)
            module.put(L45_M_PROTOCOL, rule.transportNumber)
            if rule.delayMicroseconds > 0 { module.put(L45_M_DELAY_US, rule.delayMicroseconds) }
            if !rule.process.isEmpty { module.put(L45_M_PROCESS, text: rule.process) }
            if !rule.thread.isEmpty { module.put(L45_M_THREAD, text: rule.thread) }
            if rule.local != .any { module.nest(L45_M_LOCAL) { put(rule.local, in: &$0) } }
            if !rule.remotes.isEmpty { module.put(L45_M_REMOTES, bytes: rule.remotes.flatMap(bytes)) }
            module.put(L45_M_DIALECT, bytes: withUnsafeBytes(of: rule.dialect) { Array($0) })
            module.put(L45_M_INIT_KEY, bytes: initKey.bytes)
        }
        return writer.bytes
    }

    private static func put(_ end: EndpointPattern, in writer: inout AttributeWriter) {
        if let block = end.block {
            writer.put(L45_E_ADDRESS, bytes: block.bytes)
            writer.put(L45_E_PREFIX, UInt8(block.prefixBits))
        }
        if let port = end.port { writer.put(L45_E_PORT, port) }
    }

    /// A struct l45_remote.
    private static func bytes(_ remote: EndpointPattern) -> [UInt8] {
        var out = l45_remote()
        if let block = remote.block {
            CArray.fill(&out.address, with: block.bytes)
            out.prefix_bits = UInt8(block.prefixBits)
        }
        out.port = remote.port ?? 0
        return withUnsafeBytes(of: out) { Array($0) }
    }
}
