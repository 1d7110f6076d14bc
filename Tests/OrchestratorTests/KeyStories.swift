import Agent
import Foundation
import HiccupsGuard
import L45Model
import Orchestrator
import Reconciler
import Synchronization
import Testing

@Suite("Keys of paths, from the orchestrator to the two ends", .timeLimit(.minutes(3)))
struct KeyStories {
    /// A device that looks at nothing and changes no firewall; what it is given to sign with can be asked for.
    private final class Device: PathProber {
        private let given = Mutex<(any PathSecrets)?>(nil)
        private let integrity = Mutex(PathIntegrity.Kind.keyed)

        var seams: PathSeams {
            PathSeams(
                prober: self, meter: NoMeter(), keeper: GateKeeper(runner: ["/nonexistent/l45"]), answers: false)
        }
        func look(at path: GuardedPath) async throws -> PathSight {
            let secrets = given.withLock { $0 }
            guard case .keyed(_, let epoch)? = secrets?.signing(path.name) else {
                secrets?.looked(path.name, PathIntegrity(.plain, reason: "no key"), [])
                return PathSight()
            }
            secrets?.looked(path.name, PathIntegrity(integrity.withLock { $0 }, epoch: epoch, reason: "told so"), [])
            return PathSight()
        }
        func signing(with secrets: any PathSecrets) -> any PathProber {
            given.withLock { $0 = secrets }
            return self
        }
        func say(_ kind: PathIntegrity.Kind) { integrity.withLock { $0 = kind } }
        func signing(_ path: String) -> PathSigning? { given.withLock { $0 }?.signing(path) }
    }

    private let edge = Device()
    private let branch = Device()
    private static let path = "wan/192.0.2.53"

    private func story(_ body: (TestFleet) async throws -> Void) async throws {
        let fleet = try await TestFleet()
        do {
            try await fleet.add("edge-1", role: "edge", address: "192.0.2.10", paths: edge.seams)
            try await fleet.add("branch-1", role: "branch", address: "192.0.2.53", paths: branch.seams)
            guard case .applied = await fleet.apply(GuardStories.guardWAN) else { throw Unexpected("refused") }
            await keyed(fleet)
            try await body(fleet)
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }

    /// Both ends have said that they hold what they are to have, and the opener signs.
    private func keyed(_ fleet: TestFleet) async {
        await fleet.orchestrator.waitUntilKeys { keys, trusts in
            !keys.isUnsettled && keys.devices.count == 2
                && keys.devices.values.allSatisfy { $0.isConnected && $0.held != nil }
                && trusts.trusts.values.contains { $0.epoch != nil }
        }
    }

    private func view(_ fleet: TestFleet) async throws -> PathView {
        guard case .paths(let views) = await fleet.orchestrator.answer(.get(ResourceQuery(.paths))),
            let view = views.first
        else { throw Unexpected("no path") }
        return view
    }

    private func file(_ device: String, _ fleet: TestFleet) -> String? {
        try? String(contentsOf: fleet.folder.appending(path: "\(device)/path-keys"), encoding: .utf8)
    }

    /// The hex digits of each secret in a device's file.
    private func secrets(_ device: String, _ fleet: TestFleet) -> Set<String> {
        Set((file(device, fleet) ?? "").matches(of: /"secret":"([0-9a-f]{32})"/).map { String($0.1) })
    }

    private func events(_ fleet: TestFleet) async throws -> [EventView] {
        guard case .events(let events) = await fleet.orchestrator.answer(.events(EventQuery(limit: 1000))) else {
            throw Unexpected("no events")
        }
        return events
    }

    @Test("The two ends of a path share a key, the opener signs with it, and both forget it with the intent")
    func circle() async throws {
        try await story { fleet in
            let near = secrets("edge-1", fleet)
            let far = secrets("branch-1", fleet)
            #expect(near.count == 1 && far.count == 3)
            #expect(near.isSubset(of: far))
            guard case .keyed(_, let epoch) = edge.signing(Self.path) else { throw Unexpected("not signed") }
            let view = try await view(fleet)
            #expect(view.keyEpoch == epoch)
            #expect(view.integrity?.contains("keyed") == true && view.integrity?.contains("\(epoch)") == true)
            #expect(branch.signing(Self.path) == .plain("the orchestrator has given no key for it"))

            _ = await fleet.orchestrator.answer(.delete(DeleteRequest(intents: ["wan"])))
            await fleet.orchestrator.waitUntilKeys { keys, trusts in
                trusts.trusts.isEmpty && keys.devices.values.allSatisfy { $0.held == "" }
            }
            #expect(file("edge-1", fleet) == nil && file("branch-1", fleet) == nil)
            #expect(edge.signing(Self.path) == .plain("the orchestrator has given no key for it"))
        }
    }

    @Test("No key is in the path tables, the trail, the answers to operators, or the files of the CIB")
    func secrecy() async throws {
        try await story { fleet in
            let keys = secrets("edge-1", fleet).union(secrets("branch-1", fleet))
            #expect(keys.count == 3)
            var texts = try await events(fleet).map { "\($0)" }
            for kind in [ResourceQuery.Kind.paths, .devices, .intents] {
                texts.append("\(await fleet.orchestrator.answer(.get(ResourceQuery(kind))))")
            }
            let devices = await fleet.orchestrator.paths.devices
            for device in devices.values {
                texts.append(String(decoding: try CanonicalJSON.encode(device.table), as: UTF8.self))
                texts.append(String(decoding: try CanonicalJSON.encode(device.report), as: UTF8.self))
            }
            var dumped = ""
            dump(await fleet.orchestrator.pathKeys, to: &dumped)
            texts.append(dumped)
            let files = try ["cib.sqlite", "cib.sqlite-wal"].map { name in
                try Data(contentsOf: fleet.folder.appending(path: "nco/\(name)"))
            }
            for key in keys {
                for text in texts { #expect(!text.lowercased().contains(key)) }
                let bytes = Data(Hex.bytes(key) ?? [])
                for file in files {
                    #expect(file.range(of: Data(key.utf8)) == nil && file.range(of: bytes) == nil)
                }
            }
            #expect(texts.contains { $0.contains(Self.path) })
        }
    }

    @Test(
        "Keys outlive both ends: the same after a restart of the orchestrator, delivered again to an agent that lost them"
    )
    func restarts() async throws {
        try await story { fleet in
            let before = (secrets("edge-1", fleet), secrets("branch-1", fleet))
            try await fleet.restartOrchestrator()
            await keyed(fleet)
            #expect(before == (secrets("edge-1", fleet), secrets("branch-1", fleet)))
            // The trust outlived it too: nobody was told to sign anew.
            #expect(try await events(fleet).filter { $0.message == "path keyed" }.count == 1)

            await fleet.remove("branch-1")
            try FileManager.default.removeItem(at: fleet.folder.appending(path: "branch-1/path-keys"))
            try await fleet.add("branch-1", role: "branch", address: "192.0.2.53", paths: branch.seams)
            await keyed(fleet)
            #expect(secrets("branch-1", fleet) == before.1)
        }
    }

    @Test("An answer without the key is an alert and a condition of the path, until it comes with the key again")
    func forged() async throws {
        try await story { fleet in
            edge.say(.forged)
            await fleet.orchestrator.waitUntilKeys { _, trusts in trusts.trusts.values.contains(where: \.isTampered) }
            let view = try await view(fleet)
            #expect(view.isTampered)
            #expect(view.conditions?.first?.reason == "PlainAnswer")
            edge.say(.keyed)
            await fleet.orchestrator.waitUntilKeys { _, trusts in !trusts.trusts.values.contains(where: \.isTampered) }
            #expect(try await self.view(fleet).conditions?.first?.status == .no)
            await fleet.orchestrator.waitUntilPaths { _ in true }
            let told = try await events(fleet).filter { $0.message.contains("tampered") }
            #expect(told.first?.severity == .alert && told.first?.facts["cause"] == "PlainAnswer")
        }
    }

    @Test("Where the far end is no device of the fleet the path stays plain, and says why")
    func plain() async throws {
        let fleet = try await TestFleet()
        do {
            try await fleet.add("edge-1", role: "edge", address: "192.0.2.10", paths: edge.seams)
            let yaml = """
                name: wan
                intent:
                  - guard paths to 10.9.0.0/24 from role=edge, probe 10.9.0.7, every 1s
                """
            guard case .applied = await fleet.apply(yaml) else { throw Unexpected("refused") }
            await fleet.orchestrator.waitUntilKeys { keys, trusts in
                !keys.isUnsettled && keys.devices.values.contains { $0.held?.isEmpty == false }
            }
            let view = try await view(fleet)
            #expect(view.keyEpoch == nil)
            #expect(
                view.integrity == "plain: no device of the fleet has the probed address 10.9.0.7",
                "\(view.integrity ?? "")")
            #expect(view.conditions?.first?.status == .unknown)
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }
}
