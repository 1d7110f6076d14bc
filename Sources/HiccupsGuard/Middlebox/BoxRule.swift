package import L45Model

/// What a box does to the connections to one destination.
package struct BoxRule: Sendable {
    /// To whom the SYN goes; nil for everybody.
    package var destination: AddressBlock?
    /// nil for every port.
    package var port: UInt16?
    /// Its `forward` changes are made to packets from the first interface to the second, its `reverse` ones to those that
    /// come back, whoever opened the connection. Its translation stays nil: ``translation`` gives one to each connection.
    package var box: Middlebox
    package var faultsForward: Set<BoxFault> = []
    package var faultsReverse: Set<BoxFault> = []
    /// Mends the integrity behind its changes, by this tactic and this guess.
    package var hostile: Hostile?
    /// The address that connections from the first interface appear to come from, each from a port of its own; nil for
    /// none. IPv4.
    package var translation: UInt32?

    package struct Hostile: Hashable, Sendable {
        package var tactic: HostileMiddlebox.Tactic
        package var guess: FragmentFunctions

        package init(tactic: HostileMiddlebox.Tactic, guess: FragmentFunctions = .plain) {
            self.tactic = tactic
            self.guess = guess
        }
    }

    package init(destination: AddressBlock? = nil, port: UInt16? = nil, box: Middlebox) {
        self.destination = destination
        self.port = port
        self.box = box
    }

    /// A rule that makes these changes, each in its directions.
    ///
    /// - Parameter seed: what the changes write is drawn from it.
    package init(
        destination: AddressBlock? = nil, port: UInt16? = nil, forward: [BoxChange], reverse: [BoxChange],
        seed: UInt64
    ) {
        var random = SeededRandom(seed: seed)
        self.init(
            destination: destination, port: port, box: Middlebox(parameters: ChangeParameters(using: &random)))
        for (changes, direction) in [(forward, Direction.forward), (reverse, .reverse)] {
            for change in changes { add(change, direction) }
        }
    }

    package mutating func add(_ change: BoxChange, _ direction: Direction) {
        switch (change, direction) {
        case (.table(let one), .forward):
            box = remade(forward: box.forward + [one], reverse: box.reverse)
        case (.table(let one), .reverse):
            box = remade(forward: box.forward, reverse: box.reverse + [one])
        case (.fault(let fault), .forward): faultsForward.insert(fault)
        case (.fault(let fault), .reverse): faultsReverse.insert(fault)
        case (.strip(let kind), .forward): box.strippedForward.append(kind)
        case (.strip(let kind), .reverse): box.strippedReverse.append(kind)
        }
    }

    private func remade(forward: [HeaderChange], reverse: [HeaderChange]) -> Middlebox {
        var new = Middlebox(forward: forward, reverse: reverse, parameters: box.parameters)
        new.strippedForward = box.strippedForward
        new.strippedReverse = box.strippedReverse
        return new
    }

    func faults(_ direction: Direction) -> Set<BoxFault> { direction == .forward ? faultsForward : faultsReverse }

    /// The box as a connection meets it whose SYN travels in `opening`: its SYN is what goes forward.
    func box(opening: Direction) -> Middlebox {
        guard opening == .reverse else { return box }
        var turned = Middlebox(forward: box.reverse, reverse: box.forward, parameters: box.parameters)
        turned.strippedForward = box.strippedReverse
        turned.strippedReverse = box.strippedForward
        return turned
    }

    func covers(_ syn: HandshakePacket) -> Bool {
        if let port, port != syn.tcp.destinationPort { return false }
        guard let destination else { return true }
        return AddressBlock("\(syn.ip.destination)").map { destination.contains($0) } ?? false
    }
}
