import Foundation
import Testing

@Suite("l45 demo: a whole fleet in one process, and the verbs on it", .serialized)
struct PlaygroundTests {
    private func play(_ script: String) async throws -> Binary.Outcome {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outcome = try await Binary.run(
            ["demo", "--devices", "4", "--run", script], environment: ["TMPDIR": folder.path, "HOME": folder.path])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty, "the playground is removed")
        return outcome
    }

    @Test("Intents are applied, traced, ranked, rotated, undone and remembered as on a fleet of machines")
    func story() async throws {
        let outcome = try await play(
            #"""
            set -e
            l45 get devices -o jsonpath='{range [*]}{.name} {.link}{"\n"}{end}'
            l45 trace --from ws-1 --to 10.45.0.1:53 -o jsonpath='before: {.verdict}: {.reason}' || echo "status $?"
            l45 apply -f intents/ --wait --field-manager pipeline
            l45 trace --from ws-1 --to 10.45.0.1:53 -o jsonpath='{.verdict} by {.intent}: {.reason}'
            l45 trace --from ws-1 --to 10.45.0.1:5353 || true
            l45 trace --from ws-1 --to 10.45.0.2:80 --protocol tcp --program wget -o jsonpath='{.from.near[0]}' || true
            l45 top intents --once -o jsonpath='{range [*]}{.name} {.modules}{"\n"}{end}'
            l45 get intents -l role=web -o name
            l45 get rollouts -l role=resolver -o name
            l45 rollout rotate dns --wait
            l45 rollout undo dns --wait
            l45 rollout history dns -o jsonpath='{range [*]}{.epoch} {.cause} {.manager} {.result}{"\n"}{end}'
            sed s/1h/3h/ intents/dns.yaml | l45 apply -f - 2>&1 | grep -o "held by 'pipeline': revision 1"
            EDITOR='sed -i s/1h/2h/' l45 edit intent dns --force --wait
            l45 rollout status dns | tail -1 | grep -o 'its schedule (every 2h) rotates'
            l45 describe intent dns | grep -o 'document  l45 edit'
            l45 rollout history dns -o jsonpath='{[-1].manager} {[-1].revision} {[-1].by}'
            """#)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let text = outcome.output
        #expect(text.hasPrefix("resolver-1 connected\nweb-1 connected\nws-1 connected\nws-2 connected\n"))
        #expect(text.contains("before: plain: no module on ws-1 takes it: no intent has a module there\nstatus 1\n"))
        #expect(
            text.contains(
                "customized by dns: ws-1 sends it in edition 1 of intent dns, of the program dig alone, and resolver-1 decodes it\n"
            ))
        #expect(text.contains("its peers are 10.45.0.1:53, not 10.45.0.1 port 5353\n"))
        #expect(text.contains("intent web (client): is for the program 'curl', not 'wget'\n"))
        #expect(text.contains("web 3\n") && text.contains("dns 3\n"))
        #expect(text.contains("\nintent/web\nrollout/dns/0\n"))
        #expect(text.contains("1 operator pipeline superseded\n2 rotate  superseded\n1 undo  settled\n"))
        #expect(text.contains("\nheld by 'pipeline': revision 1\nintent/dns configured\n"))
        #expect(text.contains("\nits schedule (every 2h) rotates\ndocument  l45 edit\n"))
        #expect(text.contains("\nl45 edit 2 "))
    }

    @Test("The status of what is run is the playground's, and a later command is not run")
    func status() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outcome = try await Binary.run(
            ["demo", "--devices", "3", "--run", "exit 7", "--run", "echo never"], environment: ["TMPDIR": folder.path])
        #expect(outcome.status == 7)
        #expect(outcome.output.isEmpty)
    }

    @Test("Without commands it says what to try, and is gone with a signal")
    func signal() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let script = #"""
            "$0" demo --devices 3 --folder "$1/play" > "$1/out" & demo=$!
            for i in $(seq 600); do grep -q 'Ctrl-C' "$1/out" && break; kill -0 $demo || exit 9; sleep 0.1; done
            "$0" get devices --server "$1/play/nco" -o jsonpath='{[*].link}'
            kill -TERM $demo; wait $demo
            """#
        let outcome = try await Binary.run(
            program: "/bin/bash", ["-c", script, try Binary.path, folder.path], environment: ["HOME": folder.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "connected connected connected\n")
        let said = try String(contentsOfFile: "\(folder.path)/out", encoding: .utf8)
        #expect(said.contains("export L45_SERVER=\(folder.path)/play/nco\n"))
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/play/intents/dns.yaml"))
    }

    @Test("A folder that is there is nobody's playground")
    func taken() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outcome = try await Binary.run(["demo", "--folder", folder.path])
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("l45: '\(folder.path)' is there already\n"))
    }
}
