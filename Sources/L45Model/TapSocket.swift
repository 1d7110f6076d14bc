/// Transport protocols that a tap customizes.
package enum Transport: String, Hashable, Codable, Sendable, CaseIterable {
    case udp, tcp
}

/// `tap_socket` of the seed (2.2.2): which sockets a module attaches to, as seen from its device, from the point of view
/// of an outgoing message. A wildcard is filled in from the real socket and reported.
package struct TapSocket: Hashable, Codable, Sendable {
    package var transport: Transport
    package var application: Application
    package var local: EndpointPattern
    /// The socket matches when its peer is in any of these; empty means any peer.
    package var remotes: [EndpointPattern]

    /// What a tap holds at most: `L45_TAP_RULES_MAX` of `l45_tap.h`.
    package static let rulesMax = 512
    /// What a module with this socket takes of it: a rule for each remote, at least one.
    package var rules: Int { max(1, remotes.count) }

    package init(
        transport: Transport, application: Application = .any, local: EndpointPattern = .any,
        remotes: [EndpointPattern] = []
    ) {
        self.transport = transport
        self.application = application
        self.local = local
        self.remotes = remotes
    }
}

/// Task names as the kernel keeps them (15 bytes at most): of the thread group and of the thread.
package struct Application: Hashable, Codable, Sendable {
    /// TGID name, `dig`; nil any; a trailing `*` matches any ending.
    package var process: String?
    /// PID name, `isc-net-0000`; nil any; a trailing `*` matches any ending.
    package var thread: String?
    package init(process: String? = nil, thread: String? = nil) {
        self.process = process
        self.thread = thread
    }
    package static let any = Application()
}

/// One end of a flow: an address block and a port, each may be any.
package struct EndpointPattern: Hashable, Codable, Sendable {
    /// nil: any address of either family.
    package var block: AddressBlock?
    /// nil: any port.
    package var port: UInt16?
    package init(block: AddressBlock? = nil, port: UInt16? = nil) {
        self.block = block
        self.port = port
    }
    package static let any = EndpointPattern()
}
