import Crypto
import Foundation
import Inventory
import L45Model
import Logging
import NIOHTTP1
import Orchestrator
import Testing

/// Real sockets, real HTTP, real programs, a real CIB.
@Suite("Alerts on their way to those who are told")
struct AlertDeliveryStories {
    private static let secret = "a secret of more than 16 bytes"

    private func finding(_ number: Int = 1, _ kind: AlertKind = .securityCheckFailed) -> AlertFinding {
        AlertFinding(
            kind, .device(DeviceID("device-\(number)")), .critical, expected: "an answer under the module's key",
            seen: "silence of \"module\" [2]")
    }

    /// An orchestrator with these sinks, ended when the story is.
    private func orchestrating(
        _ folder: String, _ sinks: [AlertSink], limits: AlertLimits = Self.quick, sealsEvery: Span = .seconds(600),
        _ story: (NetworkOrchestrator) async throws -> Void
    ) async throws {
        let orchestrator = try NetworkOrchestrator(
            configuration: OrchestratorConfiguration(
                stateFolder: "\(folder)/nco", host: "127.0.0.1", port: 0, passEvery: .milliseconds(1),
                alerts: AlertConfiguration(sinks: sinks, limits: limits, sealsEvery: sealsEvery)),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { try await orchestrator.run() }
        await orchestrator.waitUntilListening()
        do { try await story(orchestrator) } catch {
            running.cancel()
            _ = await running.result
            throw error
        }
        running.cancel()
        try await running.value
    }

    private static let quick = AlertLimits(retryFirst: .milliseconds(5), retryLast: .milliseconds(50))

    private func inFolder(_ story: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "l45-alerts-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        do { try await story(folder.path) } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
        try FileManager.default.removeItem(at: folder)
    }

    private func webhook(_ folder: String, port: Int, _ text: String = Self.secret) throws -> Webhook {
        let file = "\(folder)/secret"
        try Data("\(text)\n".utf8).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        return try Webhook("http://127.0.0.1:\(port)/hook?a=b", secret: WebhookSecret(path: file))
    }

    @Test("syslog gets RFC 5424, journald gets fields, and both hear of the end")
    func logs() async throws {
        try await inFolder { folder in
            let syslog = try LogSocket(at: "\(folder)/log")
            let journal = try LogSocket(at: "\(folder)/journal")
            let sinks = [AlertSink.syslog(socket: "\(folder)/log"), .journal(socket: "\(folder)/journal")]
            try await orchestrating(folder, sinks) { orchestrator in
                await orchestrator.raise(finding())
                let line = try #require(await syslog.next())
                let parts = line.split(separator: " ", maxSplits: 6).map(String.init)
                #expect(parts[0] == "<26>1")
                #expect(APITime(parts[1]) != nil)
                #expect(parts[3] == "l45-nco")
                #expect(Int32(parts[4]) == getpid())
                #expect(parts[5] == "opened")
                #expect(
                    parts[6].hasPrefix(
                        #"[l45@32473 kind="security-check-failed" id="1" severity="critical" state="open" "#
                            + #"device="device-1" count="1"] critical alert 1 security-check-failed opened: "#))
                #expect(parts[6].hasSuffix(#"seen silence of "module" [2]"#))

                let fields = try #require(await journal.next()).split(separator: "\n")
                #expect(fields.contains("PRIORITY=2"))
                #expect(fields.contains("SYSLOG_IDENTIFIER=l45-nco"))
                #expect(fields.contains("L45_KIND=security-check-failed"))
                #expect(fields.contains("L45_DEVICE=device-1"))

                await orchestrator.resolve(.securityCheckFailed, .device(DeviceID("device-1")), why: "module revoked")
                let end = try #require(await syslog.next())
                #expect(end.hasPrefix("<29>1 ") && end.hasSuffix("resolved: device/device-1: module revoked"))
            }
        }
    }

    @Test("A webhook that fails first gets every alert in the end, in order, signed over time and body")
    func webhook() async throws {
        try await inFolder { folder in
            let receiver = HTTPReceiver(failing: [.serviceUnavailable, .internalServerError, .tooManyRequests])
            let hook = try webhook(folder, port: try await receiver.start())
            try await orchestrating(folder, [.webhook(hook)]) { orchestrator in
                for number in 1...3 { await orchestrator.raise(finding(number)) }
                // Its own outage is an alert too, told once it takes messages again.
                let requests = await receiver.requests(8)
                let told = try requests.map { try JSONDecoder().decode(AlertDelivery.self, from: Data($0.body)) }
                #expect(
                    told.filter { $0.kind == .securityCheckFailed }.compactMap { $0.alert?.device?.rawValue }
                        == ["device-1", "device-1", "device-1", "device-1", "device-2", "device-3"])
                #expect(told.filter { $0.kind == .sinkDown }.map(\.what) == [.opened, .resolved])
                for request in requests {
                    #expect(request.head.method == .POST)
                    #expect(request.head.uri == "/hook?a=b")
                    let time = try #require(request.head.headers.first(name: "L45-Timestamp"))
                    let signature = try #require(request.head.headers.first(name: "L45-Signature"))
                    let code = HMAC<SHA256>.authenticationCode(
                        for: Data("\(time).".utf8) + Data(request.body),
                        using: SymmetricKey(data: Data(Self.secret.utf8)))
                    #expect(signature == "v1=" + code.map { byte in Hex.string([byte]) }.joined())
                    let text = String(decoding: request.body, as: UTF8.self) + "\(request.head)"
                    #expect(!text.contains(Self.secret))
                }
                await orchestrator.waitUntilAlerts { book in
                    !book.open.keys.contains { $0.kind == .sinkDown }
                }
            }
            try await receiver.stop()
        }
    }

    @Test(
        "What a sink did not take while it was down, it is told by the next orchestrator, and nothing twice that it took"
    )
    func restart() async throws {
        try await inFolder { folder in
            let receiver = HTTPReceiver()
            let port = try await receiver.start()
            let hook = try webhook(folder, port: port)
            try await orchestrating(folder, [.webhook(hook)]) { orchestrator in
                await orchestrator.raise(finding(1))
                _ = await receiver.requests(1)
                // Its answer is on its way back; what it took is not told again once that is written down.
                try await eventually { try orchestrator.inventory.alertSinks().values.contains { $0.place == 1 } }
            }
            try await receiver.stop()
            try await orchestrating(folder, [.webhook(hook)]) { orchestrator in
                await orchestrator.raise(finding(2))
                await orchestrator.raise(finding(3))
                await orchestrator.waitUntilAlerts { book in book.open.keys.contains { $0.kind == .sinkDown } }
            }
            let again = HTTPReceiver()
            try await again.start(port: port)
            try await orchestrating(folder, [.webhook(hook)]) { _ in
                let told = try await again.requests(3).map {
                    try JSONDecoder().decode(AlertDelivery.self, from: Data($0.body))
                }
                #expect(told.prefix(2).compactMap { $0.alert?.device?.rawValue } == ["device-2", "device-3"])
                #expect(told[2].kind == .sinkDown)
            }
            try await again.stop()
        }
    }

    @Test("A command gets the alert on its standard input, nothing else of ours, and no shell reads its arguments")
    func command() async throws {
        try await inFolder { folder in
            let script = "\(folder)/page"
            let text = """
                #!/bin/sh
                { echo "$@"; env | tr '\\n' ' '; echo; ls -l /proc/$$/fd | grep -c socket; cat; } > "$1.new"
                mv "$1.new" "$1"
                """
            try Data(text.utf8).write(to: URL(filePath: script))
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
            let program = AlertProgram([script, "\(folder)/out", "$(touch \(folder)/pwned)", "; true"])
            #expect(program.problem == nil)
            try await orchestrating(folder, [.command(program)]) { orchestrator in
                await orchestrator.raise(finding())
                let lines = try await appearing("\(folder)/out").split(separator: "\n").map(String.init)
                #expect(lines[0] == "\(folder)/out $(touch \(folder)/pwned) ; true")
                #expect(!lines[1].contains("HOME="))
                #expect(lines[2] == "0")
                let delivery = try JSONDecoder().decode(AlertDelivery.self, from: Data(lines[lines.count - 1].utf8))
                #expect(delivery.alert?.kind == .securityCheckFailed)
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/pwned"))
            }
        }
    }

    private func eventually(_ condition: () throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(20)
        while try !condition() {
            guard ContinuousClock.now < end else { throw Unexpected("it did not come about") }
            // Yielding alone would keep both threads from those that this waits for.
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// The content of a file, once it is there.
    private func appearing(_ path: String) async throws -> String {
        try await eventually { FileManager.default.fileExists(atPath: path) }
        return try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test("A command that hangs is ended with what it started, and its alert is told again")
    func hanging() async throws {
        try await inFolder { folder in
            let script = "\(folder)/page"
            let text = """
                #!/bin/sh
                if [ -e "$1" ]; then echo "$$" > "$1.done"; exit 0; fi
                sleep 600 &
                echo "$!" > "$1"
                wait
                """
            try Data(text.utf8).write(to: URL(filePath: script))
            try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script)
            let program = AlertProgram([script, "\(folder)/seen"], timeout: .milliseconds(500))
            try await orchestrating(folder, [.command(program)]) { orchestrator in
                await orchestrator.raise(finding())
                _ = try await appearing("\(folder)/seen.done")
                let child = try await appearing("\(folder)/seen")
                let process = try #require(pid_t(child.trimmingCharacters(in: .whitespacesAndNewlines)))
                let state = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
                // Gone, or dead and not yet buried by whoever inherited it.
                #expect(state.isEmpty || state.contains(") Z "))
            }
        }
    }

    @Test("A flood of one kind is told up to its rate and then as a number, another kind is told meanwhile")
    func flood() async throws {
        try await inFolder { folder in
            let syslog = try LogSocket(at: "\(folder)/log")
            let limits = AlertLimits(perKind: 3, window: .milliseconds(800))
            try await orchestrating(folder, [.syslog(socket: "\(folder)/log")], limits: limits) { orchestrator in
                // Of a kind that the monitor neither finds nor ends.
                for number in 1...50 { await orchestrator.raise(finding(number)) }
                await orchestrator.raise(finding(51, .moduleUnknown))
                var singly = 0
                var summaries = 0
                var suppressed = 0
                var others = 0
                while singly + suppressed < 50 || others == 0 {
                    let line = try #require(await syslog.next())
                    if line.contains("module-unknown opened") {
                        others += 1
                    } else if line.contains("security-check-failed opened") {
                        singly += 1
                    } else if let number = line.firstMatch(
                        of: /(\d+) more suppressed of kind security-check-failed since/)
                    {
                        summaries += 1
                        suppressed += try #require(Int(number.1))
                    }
                }
                #expect(singly + suppressed == 50 && others == 1, "\(singly) \(suppressed) \(others) \(summaries)")
                #expect(summaries >= 1 && singly <= 3 * (summaries + 1))
            }
        }
    }

    @Test("A row of the CIB that is changed by hand is an alert that outlives a restart")
    func damage() async throws {
        try await inFolder { folder in
            try await orchestrating(folder, [], sealsEvery: .milliseconds(20)) { orchestrator in
                _ = await orchestrator.answer(.createToken(TokenRequest(ttl: .seconds(600))))
                try Self.sqlite(
                    "\(folder)/nco/cib.sqlite", "DROP TRIGGER seal_token_update; UPDATE token SET labels='{}x'")
                await orchestrator.waitUntilAlerts { book in book.open.keys.contains { $0.kind == .cibDamaged } }
            }
            try await orchestrating(folder, []) { orchestrator in
                guard case .alerts(let alerts) = await orchestrator.answer(.alerts(AlertQuery())) else {
                    throw Unexpected("no alerts")
                }
                #expect(alerts.map(\.kind) == [.cibDamaged])
                #expect(alerts.first?.seen.hasPrefix("the enrolment token '") == true)
            }
        }
    }

    /// As somebody with the file and no key would.
    private static func sqlite(_ path: String, _ sql: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", "import sqlite3,sys; sqlite3.connect(sys.argv[1]).executescript(sys.argv[2])", path, sql,
        ]
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Unexpected("the row was not changed") }
    }

    @Test("What could not work is refused before it is needed, and a URL with a password is not repeated")
    func badInput() throws {
        let none = WebhookSecret(path: "/nonexistent/secret")
        #expect(none.read().problem == "/nonexistent/secret: No such file or directory")
        for url in ["ftp://host/x", "https://", "host/path", "https://user:hunter2@host/", "http://host:99999/"] {
            let error = #expect(throws: WebhookFault.self, "\(url)") { try Webhook(url, secret: none) }
            #expect(error?.description.contains("hunter2") == false)
        }
        let open = FileManager.default.temporaryDirectory.appending(path: "l45-secret-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: open) }
        try Data(Self.secret.utf8).write(to: URL(filePath: open))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: open)
        #expect(WebhookSecret(path: open).read().problem.contains("others may read it (mode 644)"))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: open)
        #expect(WebhookSecret(path: open).read().secret == Secret(Array(Self.secret.utf8)))
        try Data("short".utf8).write(to: URL(filePath: open))
        #expect(WebhookSecret(path: open).read().problem.contains("a secret has 16 to 4096 bytes"))
        #expect(AlertProgram(["page"]).problem == "a command is named by its full path")
        #expect(AlertProgram(["/nonexistent/page"]).problem == "/nonexistent/page: No such file or directory")
    }
}
