import ArgumentParser
import Foundation
import HiccupsGuard
import UnixSignals

/// `l45 lab`: paths with middleboxes on this machine.
struct LabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab",
        abstract: "Make paths with middleboxes on this machine, to try things on.",
        discussion: """
            A box that changes, loses, delays, reorders and translates what passes, between two network namespaces. Runs \
            with the same --seed change, lose and delay alike.

              l45 lab run --change window-scale-stripped:reverse             what a probe says of such a path
              l45 lab run --loss 1% --delay 10ms --far 'nc -l 7' -- nc 192.0.2.2 7
            """,
        subcommands: [LabRun.self, Up.self, Middlebox.self])

    /// Calls `body` when the operator wants the command to end.
    static func onSignal(_ body: @escaping @Sendable () -> Void) -> Task<Void, Never> {
        Task {
            for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { body() }
        }
    }

    static func summary(_ counts: WireBox.Counts) -> String {
        var text =
            "\(counts.frames) frames passed, \(counts.handshakes) of handshakes, \(counts.changed) of these changed"
        for (count, what) in [
            (counts.lost, "lost"), (counts.duplicated, "doubled"), (counts.dropped, "dropped by a rule"),
            (counts.refused, "not taken by the interface"),
        ] where count > 0 { text += ", \(count) \(what)" }
        if counts.tooLong > 0 {
            text +=
                "; \(counts.tooLong) were longer than the link carries: at the ends, "
                + "'ethtool -K IF tso off gso off gro off' keeps packets whole"
        }
        return text
    }

    /// Forwards until a signal ends it; others repair the box and break it again.
    static func forward(
        _ box: WireBox, _ rules: [BoxRule], in namespace: NetworkNamespace, _ ready: String
    ) async throws {
        let stop = StopFlag()
        let ending = onSignal { stop.set() }
        // Trapped before anybody is told 'ready': whoever reads that may signal at once.
        let mends = await UnixSignalsSequence(trapping: .sigusr1, .sigusr2)
        let mending = Task {
            for await signal in mends {
                box.setRules(signal == .sigusr1 ? [] : rules)
                Console.standard.complain(signal == .sigusr1 ? "repaired" : "broken")
            }
        }
        defer {
            ending.cancel()
            mending.cancel()
        }
        try await namespace.runBlocking { try box.run(stop, ready: { Console.standard.complain(ready) }) }
        Console.standard.complain(summary(box.counts))
    }

    /// Whatever goes wrong with the network, in words.
    static func worded<Value>(_ body: () async throws -> Value) async throws -> Value {
        do { return try await body() } catch let error as ProbeError { throw CommandEnd.badInput("\(error)") }
    }
}

extension LabCommand {
    /// `l45 lab middlebox --between IF IF`: the box alone.
    struct Middlebox: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "middlebox",
            abstract: "Be a middlebox between two interfaces of this network namespace.",
            discussion: """
                Both ends see one link. Says 'ready' once it forwards; SIGUSR1 repairs the box for connections that open from \
                then on, SIGUSR2 breaks it again, SIGTERM ends it.

                  l45 lab middlebox --between veth0 veth1 --change mss-lowered:forward
                """)

        @Option(
            parsing: .upToNextOption,
            help: ArgumentHelp("Two interfaces; forward is from the first to the second.", valueName: "interface"))
        var between: [String]
        @OptionGroup var options: BoxOptions

        func validate() throws {
            guard between.count == 2, between[0] != between[1] else {
                throw ValidationError("--between takes two interfaces.")
            }
        }

        func run() async throws {
            let rules = [try options.rule()]
            try await LabCommand.worded {
                let box = try WireBox(
                    between: between[0], and: between[1], rules: rules, impairment: options.impairment,
                    seed: options.seed)
                try await LabCommand.forward(
                    box, rules, in: .current(), "ready, between \(between[0]) and \(between[1])")
            }
        }
    }

    /// `l45 lab up NAME`: a lab that stays until it is ended.
    struct Up: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "up",
            abstract: "Make two network namespaces and a middlebox between them, until ended.",
            discussion: """
                NAME-near has 192.0.2.1 and 2001:db8:45::1, NAME-far has .2 and .3, ::2 and ::3. Says 'ready' once the box \
                forwards; SIGUSR1 repairs the box for connections that open from then on, SIGUSR2 breaks it again; SIGTERM and \
                SIGINT take all away.

                  l45 lab up trial --change sack-stripped:reverse &
                  ip netns exec trial-near l45 probe 192.0.2.2:4545
                """)

        @Argument(help: ArgumentHelp("What the namespaces' names begin with.", valueName: "name"))
        var name: String
        @Option(help: ArgumentHelp("Of the link to the far end, in bytes.", valueName: "bytes"))
        var farMTU = 1500
        @OptionGroup var options: BoxOptions

        func validate() throws {
            guard (1...64).contains(name.count),
                name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }),
                !name.hasPrefix("-")
            else { throw ValidationError("a lab's name has 1 to 64 letters, digits and dashes, not '\(name)'.") }
            guard (1280...1500).contains(farMTU) else { throw ValidationError("--far-mtu is 1280 to 1500.") }
        }

        func run() async throws {
            let rules = [try options.rule()]
            try await LabCommand.worded {
                let lab = try LabNetwork(name: name, farMTU: farMTU)
                defer { lab.remove() }
                let box = try lab.box.run {
                    try WireBox(
                        between: LabNetwork.inside, and: LabNetwork.outside, rules: rules,
                        impairment: options.impairment, seed: options.seed)
                }
                try await LabCommand.forward(
                    box, rules, in: lab.box,
                    "ready: \(name)-near \(LabNetwork.nearAddress), \(name)-far \(LabNetwork.farAddress)")
            }
        }
    }
}
