import L45Model

extension WireTapSocket {
    static let remotesMax = 1024
    /// Task names have 15 bytes at most; one more for the `*`.
    static let taskNameBytesMax = 16

    init(_ socket: TapSocket) {
        switch socket.transport {
        case .udp: transport = .udp
        case .tcp: transport = .tcp
        }
        if let name = socket.application.process { process = name }
        if let name = socket.application.thread { thread = name }
        local = WireEndpoint(socket.local)
        remotes = socket.remotes.map(WireEndpoint.init)
    }

    func value() throws(WireError) -> TapSocket {
        let application = Application(
            process: hasProcess ? try WireCheck.text(process, "process", min: 1, max: Self.taskNameBytesMax) : nil,
            thread: hasThread ? try WireCheck.text(thread, "thread", min: 1, max: Self.taskNameBytesMax) : nil)
        var ends: [EndpointPattern] = []
        for (at, remote) in try WireCheck.list(remotes, "remotes", max: Self.remotesMax).enumerated() {
            ends.append(try WireError.at("remotes[\(at)]") { () throws(WireError) in try remote.value() })
        }
        return TapSocket(
            transport: try transport.value(), application: application,
            local: try WireError.at("local") { () throws(WireError) in try local.value() }, remotes: ends)
    }
}

extension WireTransport {
    func value() throws(WireError) -> Transport {
        switch self {
        case .udp: .udp
        case .tcp: .tcp
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown("transport", rawValue)
        }
    }
}

extension WireEndpoint {
    init(_ pattern: EndpointPattern) {
        if let pattern = pattern.block { block = pattern.description }
        if let number = pattern.port { port = UInt32(number) }
    }

    func value() throws(WireError) -> EndpointPattern {
        EndpointPattern(
            block: hasBlock ? try Self.block(block, "block") : nil, port: hasPort ? try Self.port(port) : nil)
    }

    static func block(_ text: String, _ field: String) throws(WireError) -> AddressBlock {
        guard text.utf8.count <= 64, let block = AddressBlock(text) else {
            throw WireError(field, "'\(text.prefix(64))' is no address block")
        }
        return block
    }

    private static func port(_ number: UInt32) throws(WireError) -> UInt16 {
        guard let port = UInt16(exactly: number) else { throw WireError("port", "\(number) is no port") }
        return port
    }
}
