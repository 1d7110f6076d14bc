/// A box on the path that makes changes of table 7.6, each in the directions that it is set to, and may translate
/// addresses.
package struct Middlebox: Hashable, Sendable {
    package var forward: [HeaderChange]
    package var reverse: [HeaderChange]
    /// TCP option kinds that are replaced by no-operations (seed 8.3.3: window scaling on the way back).
    package var strippedForward: [UInt8] = []
    package var strippedReverse: [UInt8] = []
    package var parameters: ChangeParameters
    /// The source of SYNs as the far end sees it, undone on the way back. IPv4 only.
    package var translation: AddressTranslation?

    package struct AddressTranslation: Hashable, Sendable {
        package var address: UInt32
        package var port: UInt16
        package init(address: UInt32, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// Changes are made in the order of the table, whatever order they are given in.
    package init(
        forward: [HeaderChange] = [], reverse: [HeaderChange] = [], parameters: ChangeParameters,
        translation: AddressTranslation? = nil
    ) {
        self.forward = forward.sorted { $0.rawValue < $1.rawValue }
        self.reverse = reverse.sorted { $0.rawValue < $1.rawValue }
        self.parameters = parameters
        self.translation = translation
    }

    /// The SYN as it leaves the box.
    package func forward(_ syn: HandshakePacket) -> HandshakePacket {
        var packet = forward.reduce(syn) { $0.changed(by: $1, parameters, .forward) }
        for kind in strippedForward {
            if let place = packet.tcp.options.first(kind) { packet.tcp.options.blank(place) }
        }
        if let translation, case .v4(var header) = packet.ip {
            header.source = translation.address
            packet.ip = .v4(header)
            packet.tcp.sourcePort = translation.port
        }
        return packet
    }

    /// The SYN-ACK as it leaves the box, for the connection that `syn`, before the box, opened.
    package func reverse(_ synAck: HandshakePacket, of syn: HandshakePacket) -> HandshakePacket {
        var packet = reverse.reduce(synAck) { $0.changed(by: $1, parameters, .reverse) }
        for kind in strippedReverse {
            if let place = packet.tcp.options.first(kind) { packet.tcp.options.blank(place) }
        }
        if forward.contains(.isnTranslated) { packet.tcp.acknowledgement &-= parameters.forwardISNOffset }
        if translation != nil, case .v4(var header) = packet.ip, case .v4(let client) = syn.ip {
            header.destination = client.source
            packet.ip = .v4(header)
            packet.tcp.destinationPort = syn.tcp.sourcePort
        }
        return packet
    }
}
