import Foundation
import HiccupsGuard
import L45Model

extension Lab {
    /// Whom the box harms; the other address of the far end is the control.
    static let victim = AddressBlock(LabNetwork.farAddress)
}

/// Broken, gated by itself, repaired, and the gate gone by itself; a control destination behind the same box meanwhile.
struct Story {
    private let circle: Circle
    private let lab: Lab
    private let clock = TestClock()

    init(_ circle: Circle, _ lab: Lab) {
        self.circle = circle
        self.lab = lab
    }

    /// - Returns: what did not hold.
    func tell() async throws -> [String] {
        guard let destination = Lab.victim else { return ["no destination"] }
        var faults: [String] = []
        func expect(_ held: Bool, _ what: @autoclosure () -> String) { if !held { faults.append(what()) } }
        let farKeeper = GateKeeper(runner: ["nsenter", "--net=\(lab.network.far.path)"])
        // Seen once before all: what the path is like when it is well, and cookies where there are any.
        try await prime()
        let (_, well, wellControl) = try await phase()

        lab.breakPath()
        let (broken, _, brokenControl) = try await phase()

        let clock = clock
        let watch = PathGuard(
            [
                GuardedPath(
                    name: "circle/0", destination: destination, policy: PathPolicy(retestEvery: .seconds(60)),
                    farAgent: circle.farAgent)
            ],
            prober: CircleProber(circle: circle), meter: CircleMeter(lab: lab),
            far: CircleFar(keeper: farKeeper, clock: clock), now: { clock.now })
        let gating = try await watch.pass()
        let standing = await watch.standings.first
        expect(
            gating.contains { $0.message == "path gated" },
            "not gated: \(gating.map { "\($0.message) \($0.facts)" }), \(standing.map { "\($0)" } ?? "")")
        let held = standing?.held ?? .none
        expect(held.subjects == [circle.subject], "gated: \(held.subjects.map(\.rawValue)), wanted \(circle.subject)")
        expect(held.there.isEmpty != circle.farAgent, "at the far end: \(held.there)")
        // What the guard itself has measured is no part of it.
        _ = lab.capture.drain()
        let (gated, gatedShapes, gatedControl) = try await phase()
        let gain = gated / max(broken, 1e-9)
        expect(gain >= circle.gain, "gated \(gated), broken \(broken): \(gain) times, wanted \(circle.gain)")
        expect(gatedShapes != well, "the gate shows in no handshake")

        lab.repairPath()
        for _ in 0..<PathMachine.looksToHeal {
            clock.skip(to: await watch.wakeAt ?? clock.now)
            let events = try await watch.pass()
            if events.contains(where: { $0.message == "path healed; gates removed" }) { break }
        }
        let left = await watch.standings.first
        expect(left?.held == GateWish.none, "not healed: \(left.map { "\($0)" } ?? "")")
        try await prime()
        let (healed, healedShapes, healedControl) = try await phase()
        expect(healed >= broken * circle.gain, "healed \(healed), broken \(broken)")
        expect(healedShapes == well, "handshakes after: \(healedShapes), before: \(well)")
        let tables =
            try SystemTool(["nft"]).run(["list", "tables"])
            + (try SystemTool(["nsenter", "--net=\(lab.network.far.path)", "nft"]).run(["list", "tables"]))
        expect(!tables.contains(GateRuleset.table), "tables are left: \(tables)")

        for (name, control) in [("broken", brokenControl), ("gated", gatedControl), ("healed", healedControl)] {
            expect(
                control == wellControl,
                "the control destination's handshakes, \(name): \(control), before \(wellControl)")
            expect(control.left == control.arrived, "the box changed the control destination's: \(control)")
        }
        expect(!wellControl.left.isEmpty, "no handshake of the control destination was seen")
        print(
            "RESULT circle_\(circle.name)_broken=\(text(broken)) \(unit)\nRESULT circle_\(circle.name)_gated=\(text(gated)) \(unit)\n"
                + "RESULT circle_\(circle.name)_healed=\(text(healed)) \(unit)")
        return faults
    }

    /// A first connection of each, whose handshake may differ: it has no cookie yet.
    private func prime() async throws {
        for host in [LabNetwork.farAddress, LabNetwork.controlAddress] {
            _ = try await lab.measure(host, for: Transfer.glance)
        }
        _ = lab.capture.drain()
    }

    /// One transfer with each address, and their handshakes.
    private func phase() async throws -> (rate: Double, victim: Capture.Handshakes, control: Capture.Handshakes) {
        let rate = try await lab.measure(LabNetwork.farAddress)
        _ = try await lab.measure(LabNetwork.controlAddress, for: Transfer.glance)
        let seen = lab.capture.drain()
        return (
            rate, seen[try HostAddress.resolve(LabNetwork.farAddress)] ?? .init(),
            seen[try HostAddress.resolve(LabNetwork.controlAddress)] ?? .init()
        )
    }

    private var unit: String { if case .openings = circle.measure { "1/s" } else { "Mbit/s" } }

    private func text(_ rate: Double) -> String {
        if case .openings = circle.measure { return "\((rate * 10).rounded() / 10)" }
        return "\((rate / 10_000).rounded() / 100)"
    }
}
