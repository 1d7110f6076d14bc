package import L45Model

/// Puts gates in force on this host, in the network namespace that it runs in, and takes them away.
package struct GateKeeper: Sendable {
    private let nft: SystemTool
    private let ip: SystemTool

    /// - Parameter runner: put before each command, such as `ip netns exec NAME`; empty to run it as it is.
    package init(runner: [String] = []) {
        nft = SystemTool(runner + ["nft"])
        ip = SystemTool(runner + ["ip"])
    }

    /// These gates from now on and no others; where it throws, the firewall is as it was before.
    ///
    /// - Parameter opened: of `gates`, destinations that fast open was taken from only now: the cookies that the kernel
    ///   keeps of them are dropped, as a SYN with data would go out for each that is left.
    package func apply(_ gates: [HeldGate], now: Timestamp, forgetting opened: [AddressBlock] = []) throws(GateError) {
        try nft.run(["-f", "-"], input: GateRuleset.text(gates, now: now))
        for block in opened {
            // Refused where the kernel has nothing of the destination: just as well.
            _ = try? ip.run(["tcp_metrics", "flush", "\(block)"])
        }
    }

    /// ECN is asked for towards these from now on, and towards no others by us.
    /// - Returns: destinations that have no route to copy.
    package func askECN(_ blocks: [AddressBlock]) throws(GateError) -> [AddressBlock] {
        for removal in GateRoutes.removals { try flush(removal) }
        var unreachable: [AddressBlock] = []
        for block in blocks {
            guard let answer = try? ip.run(GateRoutes.question(block)),
                let addition = GateRoutes.addition(block, answer: answer)
            else {
                unreachable.append(block)
                continue
            }
            try ip.run(addition)
        }
        return unreachable
    }

    /// Of `blocks`, those in which this host has an address of its own.
    ///
    /// Where it has none, connections to the block reach it under another address, translated on the way.
    package func own(_ blocks: Set<AddressBlock>) -> Set<AddressBlock> {
        guard !blocks.isEmpty, let said = try? ip.run(["-o", "address", "show"]) else { return [] }
        let own = Self.addresses(said)
        return blocks.filter { block in own.contains { block.contains($0) } }
    }

    /// Lines of iproute2: `2: eth0    inet 192.0.2.1/24 brd 192.0.2.255 scope global eth0`, and `inet A peer B/24` of a tunnel.
    static func addresses(_ lines: String) -> [AddressBlock] {
        lines.split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(where: { $0 == "inet" || $0 == "inet6" }), at + 1 < words.count else {
                return nil
            }
            return AddressBlock(words[at + 1].prefix { $0 != "/" })
        }
    }

    /// No gate and no route of ours is left.
    package func removeAll() throws(GateError) {
        try nft.run(["-f", "-"], input: GateRuleset.removal)
        for removal in GateRoutes.removals { try flush(removal) }
    }

    /// iproute2 ends with an error where the family has no routes at all.
    private func flush(_ removal: [String]) throws(GateError) {
        do { try ip.run(removal) } catch {
            if case .refused(_, _, let said) = error, said.isEmpty || said.contains("FIB table does not exist") {
                return
            }
            throw error
        }
    }
}
