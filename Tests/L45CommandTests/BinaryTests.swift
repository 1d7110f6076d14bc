import Foundation
import L45Model
import Testing

@Suite("The built command against a served socket")
struct BinaryTests {
    @Test("get prints the table, without colours into a pipe")
    func get() async throws {
        let service = FakeOrchestrator.fleet()
        let outcome = try await serving(service) { socket in
            try await Binary.run(["get", "devices", "-l", "role=client,site=boston", "--server", socket])
        }
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
        #expect(outcome.output.hasPrefix("NAME        ID            LINK"))
        #expect(!outcome.output.contains("\u{1B}"))
        #expect(service.asked == [.get(ResourceQuery(.devices, selector: ["role": "client", "site": "boston"]))])
    }

    @Test("The socket may be named by L45_SERVER, and by its folder")
    func server() async throws {
        let outcomes = try await serving(FakeOrchestrator.fleet()) { socket in
            let folder = String(socket.dropLast("/api.sock".count))
            return [
                try await Binary.run(["get", "intents", "-o", "name"], environment: ["L45_SERVER": socket]),
                try await Binary.run(["get", "intents", "-o", "name", "--server", folder]),
            ]
        }
        #expect(outcomes.map(\.output) == ["intent/dns\n", "intent/dns\n"])
    }

    @Test("apply sends what it reads from standard input, byte for byte, and says what became of it")
    func apply() async throws {
        let service = FakeOrchestrator { request in
            guard case .apply(let apply) = request else { return .failure(APIFailure(.malformed, "no apply")) }
            return .applied(
                ApplyResult(
                    dryRun: apply.dryRun,
                    intents: [ApplyResult.Intent(name: Fleet.dns, outcome: .created, revision: Generation(1))],
                    warnings: ["-:1:1: warning: no device has the label role=web"]))
        }
        let text = "name: dns # ünïcode\nintent: [tag dig DNS]\n"
        let outcome = try await serving(service) { socket in
            try await Binary.run(["apply", "-f", "-", "--prune", "--server", socket], input: text)
        }
        #expect(outcome.status == 0)
        #expect(outcome.output == "intent/dns created\n")
        #expect(outcome.errors == "-:1:1: warning: no device has the label role=web\n")
        #expect(
            service.asked == [
                .apply(
                    ApplyRequest(
                        sources: [APISource(origin: "-", text: text)], prune: true, manager: "l45 apply"))
            ])
    }

    @Test("Bad input shows the place with its caret, exits 2, and is not waited for")
    func badInput() async throws {
        let service = FakeOrchestrator { _ in
            .failure(
                APIFailure(
                    .badInput, "1 intent does not compile; nothing was changed",
                    diagnostics: [
                        "-:1:5: error: no phrase begins with 'tga'\n1 | tga dig DNS\n  | ^^^ did you mean 'tag'?"
                    ]))
        }
        let outcome = try await serving(service) { socket in
            try await Binary.run(["apply", "-f", "-", "--wait", "--server", socket], input: "tga dig DNS\n")
        }
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(
            outcome.errors == """
                -:1:5: error: no phrase begins with 'tga'
                1 | tga dig DNS
                  | ^^^ did you mean 'tag'?
                l45: 1 intent does not compile; nothing was changed

                """)
        #expect(service.asked.count == 1)
    }

    @Test("explain asks nobody, writes every default out, and what it writes explains to itself")
    func explain() async throws {
        let first = try await Binary.run(["explain", "-f", "-"], input: "{name: dns, intent: [tag dig DNS]}\n")
        #expect(first.status == 0)
        #expect(first.output.hasPrefix("apiVersion: l45/v1\nname: dns\n"))
        #expect(first.output.contains("application: "))
        let second = try await Binary.run(["explain", "-f", "-"], input: first.output)
        #expect(second.output == first.output)
    }

    @Test("explain of a mistake exits 2 with the place and a caret")
    func explainMistake() async throws {
        let outcome = try await Binary.run(["explain", "-f", "-"], input: "name: dns\nintent:\n  - tga dig DNS\n")
        #expect(outcome.status == 2)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.hasPrefix("-:3:5: error: "))
        #expect(outcome.errors.contains("   3 |   - tga dig DNS\n     |     ^"))
        #expect(outcome.errors.hasSuffix("l45: there is 1 mistake\n"))
    }

    @Test("explain of a name asks why it is not done; of a name and files, it asks nobody")
    func explainWhy() async throws {
        let service = FakeOrchestrator.fleet()
        let outcome = try await serving(service) { socket in
            try await Binary.run(["explain", "dns", "--server", socket])
        }
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("dns/0 is not done: to epoch 4, in phase flip-clients for "))
        #expect(outcome.output.contains("    resolver-1: has not confirmed generation 7 (last report 6, 15 s ago)"))
        #expect(
            service.asked == [
                .get(ResourceQuery(.intents, names: ["dns"])), .get(ResourceQuery(.rollouts, intent: Fleet.dns)),
            ])
        let same = try await serving(service) { socket in
            try await Binary.run(["rollout", "status", "dns", "--why", "--server", socket])
        }
        #expect(same.output.hasPrefix("dns/0 is not done: to epoch 4, in phase flip-clients for "))
        let both = try await Binary.run(["explain", "dns", "-f", "-"], input: "{name: dns, intent: [tag dig DNS]}\n")
        #expect(both.status == 2)
        #expect(both.errors.contains("Name an intent, or give files with -f, not both."))
        let neither = try await Binary.run(["explain"])
        #expect(neither.status == 2)
        #expect(neither.errors.contains("no intents are given"))
    }

    @Test("delete -f withdraws the intents that the files name")
    func deleteFiles() async throws {
        let service = FakeOrchestrator { request in
            guard case .delete(let delete) = request else { return .failure(APIFailure(.malformed, "no delete")) }
            return .deleted(DeleteResult(intents: delete.intents))
        }
        let outcome = try await serving(service) { socket in
            try await Binary.run(
                ["delete", "-f", "-", "--server", socket],
                input: "name: dns\nintent: [tag dig DNS]\n---\nname: web\nintent: [tag curl HTTP]\n")
        }
        #expect(outcome.output == "intent/dns is being withdrawn\nintent/web is being withdrawn\n")
        #expect(service.asked == [.delete(DeleteRequest(intents: [Fleet.dns, IntentName("web")]))])
    }

    @Test("A file that is not there stops everything before the orchestrator is asked")
    func missingFile() async throws {
        let service = FakeOrchestrator.fleet()
        let outcome = try await serving(service) { socket in
            try await Binary.run(["apply", "-f", "/nowhere/x.yaml", "--server", socket])
        }
        #expect(outcome.status == 2)
        #expect(outcome.errors == "l45: '/nowhere/x.yaml' is not there\n")
        #expect(service.asked.isEmpty)
    }

    @Test("diff: 0 the same, 1 it differs, 2 bad input, 3 nobody there, 4 refused")
    func diff() async throws {
        func statusOfDiff(_ response: APIResponse) async throws -> Int32 {
            try await serving(FakeOrchestrator { _ in response }) { socket in
                try await Binary.run(["diff", "-f", "-", "--server", socket], input: "x").status
            }
        }
        func result(_ outcome: ApplyResult.Outcome) -> APIResponse {
            let intent = ApplyResult.Intent(name: Fleet.dns, outcome: outcome, revision: Generation(1))
            return .applied(ApplyResult(dryRun: true, intents: [intent]))
        }
        #expect(try await statusOfDiff(result(.unchanged)) == 0)
        #expect(try await statusOfDiff(result(.configured)) == 1)
        #expect(try await statusOfDiff(.failure(APIFailure(.badInput, "no"))) == 2)
        #expect(try await statusOfDiff(.failure(APIFailure(.notPermitted, "no"))) == 4)
        #expect(try await Binary.run(["diff", "-f", "-", "--server", "/tmp/nobody.sock"], input: "x").status == 3)
    }

    @Test("Nobody there: the message names the socket and how to start it")
    func nobody() async throws {
        let outcome = try await Binary.run(["get", "devices", "--server", "/tmp/nobody.sock"])
        #expect(outcome.status == 3)
        #expect(
            outcome.errors
                == "l45: no orchestrator at '/tmp/nobody.sock': start it with 'l45 nco', or name its socket with --server\n"
        )
    }

    @Test("A wait that times out names the holdup: phase, device, reason")
    func waitTimesOut() async throws {
        let outcome = try await serving(FakeOrchestrator.fleet()) { socket in
            try await Binary.run(["wait", "intent/dns", "--for", "settled", "--timeout", "1ms", "--server", socket])
        }
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(
            outcome.errors.hasPrefix(
                "l45: intent/dns is not settled within 1ms\n     flow dns/0 is in flip-clients for ")
        )
        #expect(outcome.errors.contains("waits for resolver-1: has not confirmed generation 7"))
        #expect(!outcome.errors.contains("\u{1B}"))
    }

    @Test("A wait for a halted rollout ends at once, with a status of its own, and the reason")
    func waitHalted() async throws {
        let service = FakeOrchestrator { request in
            guard case .get(let query) = request else { return .failure(APIFailure(.malformed, "no get")) }
            if query.kind == .intents { return .intents([Fleet.intent()]) }
            var rollout = Fleet.rollout()
            rollout.halted = RolloutView.Halt(cause: .errorBudget, reason: "9 undecoded at resolver-1", at: nil)
            return .rollouts([rollout])
        }
        let outcome = try await serving(service) { socket in
            try await Binary.run(["rollout", "status", "dns", "--wait", "--timeout", "10m", "--server", socket])
        }
        #expect(outcome.status == 5)
        #expect(outcome.output.isEmpty)
        #expect(
            outcome.errors == """
                l45: intent/dns is halted
                     flow dns/0 is halted: 9 undecoded at resolver-1
                     'l45 rollout retry dns' goes on, 'l45 rollout undo dns' goes back

                """)
        #expect(service.asked.count == 2)
    }

    @Test("A wait ends when what it waits for has come about")
    func waitEnds() async throws {
        let rounds = Rounds()
        let service = FakeOrchestrator { request in
            guard case .get(let query) = request else { return .failure(APIFailure(.malformed, "no get")) }
            // The third time that the intent is asked for, it has settled.
            let settled = query.kind == .intents ? rounds.next() >= 3 : rounds.count >= 3
            if query.kind == .intents {
                return .intents([Fleet.intent(phase: settled ? .settled : .drain, ready: settled)])
            }
            return .rollouts([settled ? Fleet.rollout(.settled, waiting: []) : Fleet.rollout(.drain)])
        }
        let outcome = try await serving(service) { socket in
            try await Binary.run(["rollout", "status", "dns", "--wait", "--server", socket])
        }
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("intent/dns settled after "))
        #expect(rounds.count == 3)
    }

    @Test("A reader that has seen enough is no error")
    func readerGone() async throws {
        let events = (0..<2000).map {
            EventView(id: UInt64($0), Event(at: Fleet.now, subject: "intent/dns", message: "m"))
        }
        let outcome = try await serving(FakeOrchestrator { _ in .events(events) }) { socket in
            let script = #""$0" get events --server "$1" | head -n 1; echo "${PIPESTATUS[0]}""#
            return try await Binary.run(program: "/bin/bash", ["-c", script, try Binary.path, socket])
        }
        #expect(outcome.output.hasSuffix("\n0\n"))
        #expect(outcome.output.split(separator: "\n").count == 2)
        #expect(outcome.errors.isEmpty)
    }

    @Test("Usage errors exit 2 and say what is right")
    func usage() async throws {
        for (arguments, part) in [
            (["get", "stars"], "  - rollouts\n  - paths\n  - middleboxes\n  - posture\n  - alerts\n  - events"),
            (["get", "posture", "-l", "a=b"], "-l selects by devices' labels"),
            (["wait", "intent/dns", "--for", "connected"], "do not go together"),
            (["delete", "device", "x"], "Only intents are deleted"),
            (["label", "device", "x", "role"], "neither KEY=VALUE nor KEY-"),
            (["wait", "intent/dns", "--for", "settled", "--timeout", "soon"], "soon"),
            (["nco", "--rotations-at-once", "0"], "is not within 1 to 100000"),
        ] as [([String], String)] {
            let outcome = try await Binary.run(arguments)
            #expect(outcome.status == 2, "\(arguments)")
            #expect(outcome.errors.contains(part), "\(arguments): \(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
    }

    @Test("rollout undo, label and token create ask for what they say")
    func steering() async throws {
        let service = FakeOrchestrator { request in
            switch request {
            case .rollout(let rollout):
                .rollout(
                    RolloutResult(
                        intent: rollout.intent, verb: rollout.verb, epoch: Epoch(3), paused: false, changed: true))
            case .setLabels: .device(Fleet.client)
            case .createToken(let token):
                .token(TokenView(token: "T", expiresAt: Fleet.now, labels: token.labels, orchestrator: nil))
            default: .failure(APIFailure(.malformed, "another"))
            }
        }
        let outcomes = try await serving(service) { socket in
            [
                try await Binary.run(["rollout", "undo", "dns", "--server", socket]),
                try await Binary.run(["label", "device", "client-1", "role=web", "site-", "--server", socket]),
                try await Binary.run(["token", "create", "--ttl", "5m", "--label", "role=web", "--server", socket]),
            ]
        }
        #expect(outcomes.map(\.status) == [0, 0, 0])
        #expect(
            outcomes.map(\.output) == [
                "intent/dns goes back to epoch 3\n", "device/client-1 has role=client,site=boston\n", "T\n",
            ])
        #expect(
            service.asked == [
                .rollout(RolloutRequest(.undo, Fleet.dns)),
                .setLabels(LabelRequest(device: "client-1", set: ["role": "web"], remove: ["site"])),
                .createToken(TokenRequest(ttl: .seconds(300), labels: ["role": "web"])),
            ])
    }
}

@Suite(
    "A program that l45 run becomes",
    .enabled(if: FileManager.default.fileExists(atPath: Binary.anyLibrary), "there is no library to stand in"))
struct RunTests {
    private func run(_ command: [String]) async throws -> Binary.Outcome {
        let folder = try Self.tapFolder()
        defer { folder.remove() }
        return try await Binary.run(
            ["run", "--tap", folder.path, "--"] + command, environment: ["L45_TAP_LIBRARY": Binary.anyLibrary])
    }

    private static func tapFolder() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for file in ["rules", "state"] { try Data().write(to: URL(filePath: "\(folder.path)/\(file)")) }
        return folder
    }

    @Test("takes signals as it would without l45")
    func signals() async throws {
        // Both from one shell: what the process of the tests ignores changes as its tests run.
        let folder = try Self.tapFolder()
        defer { folder.remove() }
        let look = "/bin/grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status"
        let outcome = try await Binary.run(
            program: "/bin/bash", ["-c", #"\#(look); "$0" run --tap "$1" -- \#(look)"#, try Binary.path, folder.path],
            environment: ["L45_TAP_LIBRARY": Binary.anyLibrary])
        #expect(outcome.errors.isEmpty)
        let lines = outcome.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 6)
        #expect(lines[0] == "SigBlk:\t0000000000000000")
        #expect(Array(lines[0..<3]) == Array(lines[3..<6]))
    }

    @Test("hands on its exit status and its arguments")
    func status() async throws {
        let outcome = try await run(["/bin/sh", "-c", #"echo "$LD_PRELOAD" "$@"; exit 42"#, "sh", "--help", "-x"])
        #expect(outcome.status == 42)
        #expect(outcome.output == "\(Binary.anyLibrary) --help -x\n")
    }

    @Test("is not started when there is no tap")
    func noTap() async throws {
        let outcome = try await Binary.run(
            ["run", "--tap", "/nowhere/tap", "--", "/bin/true"], environment: ["L45_TAP_LIBRARY": Binary.anyLibrary])
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("l45: there is no tap at /nowhere/tap: start l45 agent first"))
    }
}
