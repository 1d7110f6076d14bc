/// Whom a survey asks: addresses, blocks of addresses and their ports, made one by one as they are needed, so that a list of
/// millions takes no memory.
///
/// The order is one port of every host, then the next port: a host with many ports is not asked about them all at once.
package struct TargetList: Sendable {
    private struct Block {
        /// IPv4 in the low 32 bits of `low`.
        let first: IPv6Header.Address
        let isIPv6: Bool
        let hosts: Int
        let ports: [UInt16]

        func address(_ index: Int) -> HostAddress {
            let (low, carry) = first.low.addingReportingOverflow(UInt64(index))
            guard isIPv6 else { return .v4(UInt32(truncatingIfNeeded: low)) }
            return .v6(.init(high: first.high &+ (carry ? 1 : 0), low: low))
        }
    }

    /// Host and port pairs a survey may have.
    package static let pairsMax = 1 << 28

    private var blocks: [Block] = []
    /// Host and port pairs, each as often as it was named.
    package private(set) var count = 0

    package init() {}

    /// - Throws: ``ProbeError/badOption(_:)`` beyond ``pairsMax``.
    package mutating func add(_ address: HostAddress, ports: [UInt16]) throws(ProbeError) {
        try add(address, hosts: 1, ports: ports)
    }

    /// Adds every address of a block, the first and the last too.
    ///
    /// - Parameter text: `192.0.2.0/24` or `2001:db8::/120`.
    /// - Throws: ``ProbeError/badOption(_:)`` where it is none, has bits behind its prefix, or leads beyond ``pairsMax``.
    package mutating func add(block text: String, ports: [UInt16]) throws(ProbeError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = HostAddress(String(parts[0])) else {
            throw .badOption("'\(text)' is no block of addresses, as 192.0.2.0/24 is")
        }
        let width = address.isIPv6 ? 128 : 32
        guard let prefix = Int(parts[1]), (0...width).contains(prefix) else {
            throw .badOption("'\(text)': the length of the prefix is a number from 0 to \(width)")
        }
        guard width - prefix <= 28 else {
            throw .badOption(
                "'\(text)' has 2^\(width - prefix) addresses, a survey at most \(Self.pairsMax) host and port pairs")
        }
        let hosts = 1 << (width - prefix)
        guard Self.first(address).low & UInt64(hosts - 1) == 0 else {
            throw .badOption("'\(text)' has bits behind its prefix of \(prefix); the block begins at another address")
        }
        try add(address, hosts: hosts, ports: ports)
    }

    private static func first(_ address: HostAddress) -> IPv6Header.Address {
        switch address {
        case .v4(let number): .init(high: 0, low: UInt64(number))
        case .v6(let number): number
        }
    }

    private mutating func add(_ address: HostAddress, hosts: Int, ports: [UInt16]) throws(ProbeError) {
        let (pairs, isOver) = hosts.multipliedReportingOverflow(by: ports.count)
        guard !isOver, count + pairs <= Self.pairsMax else {
            throw .badOption("more than \(Self.pairsMax) host and port pairs; survey them in parts")
        }
        count += pairs
        blocks.append(Block(first: Self.first(address), isIPv6: address.isIPv6, hosts: hosts, ports: ports))
    }

    /// Every pair with each of some trials.
    ///
    /// - Parameter trials: how many there are; the outermost loop.
    /// - Parameter isWanted: leaves out what need not be asked again.
    package func jobs(
        trials: Int, where isWanted: @escaping @Sendable (ProbeJob) -> Bool = { _ in true }
    ) -> some Sequence<ProbeJob> & Sendable {
        Jobs(list: self, trials: trials, isWanted: isWanted)
    }

    private struct Jobs: Sequence, Sendable {
        let list: TargetList
        let trials: Int
        let isWanted: @Sendable (ProbeJob) -> Bool

        func makeIterator() -> Iterator { Iterator(jobs: self) }

        struct Iterator: IteratorProtocol {
            let jobs: Jobs
            let portsMost: Int
            var trial = 0
            var port = 0
            var block = 0
            var host = 0

            init(jobs: Jobs) {
                self.jobs = jobs
                portsMost = jobs.list.blocks.map(\.ports.count).max() ?? 0
            }

            mutating func next() -> ProbeJob? {
                while trial < jobs.trials, portsMost > 0 {
                    let current = jobs.list.blocks[block]
                    guard port < current.ports.count, host < current.hosts else {
                        advance()
                        continue
                    }
                    let target = ProbeTarget(address: current.address(host), port: current.ports[port])
                    host += 1
                    let job = ProbeJob(target: target, trial: trial)
                    if jobs.isWanted(job) { return job }
                }
                return nil
            }

            private mutating func advance() {
                host = 0
                block += 1
                guard block == jobs.list.blocks.count else { return }
                block = 0
                port += 1
                guard port == portsMost else { return }
                port = 0
                trial += 1
            }
        }
    }
}

/// `22,80,8000-8010`.
package enum PortList {
    /// - Throws: ``ProbeError/badOption(_:)``, naming the part that cannot be read.
    package static func parse(_ text: String) throws(ProbeError) -> [UInt16] {
        var ports: [UInt16] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) ?? 0 }
            guard let first = ends.first, let last = ends.last, ends.count <= 2, first > 0, first <= last else {
                throw .badOption("'\(part)' is no port or range of ports from 1 to 65535, as 443 or 8000-8010 is")
            }
            for port in first...last where !ports.contains(port) { ports.append(port) }
        }
        return ports
    }
}
