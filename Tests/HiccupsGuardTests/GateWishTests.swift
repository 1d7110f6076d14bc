import HiccupsGuard
import L45Model
import Testing

@Suite("Which gates a path gets")
struct GateWishTests {
    private static let treatments = PathPolicy.Treatment.allCases

    private func wish(
        _ subject: PathExtension, _ treatment: PathPolicy.Treatment, out: Bool = false, back: Bool = false,
        farAgent: Bool = true, holding: GateWish = .none
    ) -> GateWish {
        var directions: Set<Direction> = []
        if out { directions.insert(.forward) }
        if back { directions.insert(.reverse) }
        return GateWish(
            PathSight(changed: [subject: directions]), PathPolicy(treatments: [subject: treatment]), holding: holding,
            farAgent: farAgent)
    }

    @Test("A path that changes nothing gets no gate", arguments: PathExtension.allCases)
    func cleanPath(_ subject: PathExtension) { #expect(wish(subject, .auto).isEmpty) }

    @Test("What only the way back changes is not offered here", arguments: PathExtension.allCases)
    func changedOnTheWayBack(_ subject: PathExtension) {
        for farAgent in [true, false] {
            let found = wish(subject, .auto, back: true, farAgent: farAgent)
            #expect(found.here.map(\.subject) == [subject])
            #expect(found.here.map(\.end) == [.opening])
            #expect(found.there.isEmpty)
        }
    }

    @Test("What the way out changes must not be seen by the far end", arguments: PathExtension.allCases)
    func changedOnTheWayOut(_ subject: PathExtension) {
        let found = wish(subject, .auto, out: true)
        #expect(found.there.map(\.end) == [.accepting])
        #expect(found.there.map(\.subject) == [subject])
        // But for fast open, whose data is lost before it gets there.
        #expect(found.here.map(\.end) == (subject == .tfo ? [.opening] : []))
        // Nobody there to tell.
        let alone = wish(subject, .auto, out: true, farAgent: false)
        #expect(alone.there.isEmpty)
        #expect(alone.here.map(\.end) == [.opening])
    }

    @Test("Changed both ways, both ends gate", arguments: PathExtension.allCases)
    func changedBothWays(_ subject: PathExtension) {
        let found = wish(subject, .auto, out: true, back: true)
        #expect(found.here.map(\.end) == [.opening])
        #expect(found.there.map(\.end) == [.accepting])
    }

    @Test("Allowed is never gated, denied always, whatever the path does")
    func fixedTreatments() {
        for subject in PathExtension.allCases {
            for (out, back) in [(false, false), (false, true), (true, false), (true, true)] {
                #expect(wish(subject, .allow, out: out, back: back).isEmpty)
                let denied = wish(subject, .deny, out: out, back: back)
                #expect(Set(denied.here.map(\.end)) == Set(PathEnd.allCases))
                #expect(Set(denied.here.map(\.subject)) == [subject])
            }
        }
    }

    @Test("ECN that must be proven is off until the path has proven itself, and then asked for")
    func provenECN() {
        let policy = PathPolicy(treatments: [.ecn: .proven])
        let blind = GateWish(.blind, policy, holding: .none, farAgent: true)
        #expect(blind.here == [PathGate(.ecn, at: .opening)])
        #expect(!blind.asksECN)
        let proven = GateWish(PathSight(), policy, holding: blind, farAgent: true)
        #expect(proven.here.isEmpty)
        #expect(proven.asksECN)
        // One look that tells nothing takes nothing back; one that tells of a change does.
        #expect(GateWish(.blind, policy, holding: proven, farAgent: true) == proven)
        let changed = GateWish(
            PathSight(changed: [.ecn: [.reverse]]), policy, holding: proven, farAgent: true)
        #expect(!changed.asksECN)
        #expect(changed.here == [PathGate(.ecn, at: .opening)])
    }

    @Test("A look that tells nothing changes nothing", arguments: PathExtension.allCases)
    func unknownKeeps(_ subject: PathExtension) {
        let held = wish(subject, .auto, out: true, back: true)
        #expect(GateWish(.blind, PathPolicy(), holding: held, farAgent: true) == held)
        #expect(GateWish(.blind, PathPolicy(), holding: .none, farAgent: true).isEmpty)
    }

    @Test("A real interrogation of the seed's box asks for gates on window scaling and on nothing else")
    func seedsOwnCase() throws {
        var path = Samples.path(try Samples.syn(options: Samples.sparseOptions), forward: [.windowScaleAdded])
        path.box.strippedReverse = [TCPOption.windowScaleKind]
        var random = SeededRandom(seed: 11)
        let sight = PathSight(try path.interrogate(.seed, using: &random).knowledge)
        #expect(sight[.windowScaling, .forward].isChanged)
        let found = GateWish(sight, PathPolicy(), holding: .none, farAgent: true)
        #expect(found.there == [PathGate(.windowScaling, at: .accepting)])
        #expect(found.subjects == [.windowScaling])
    }

    @Test("Each change of the seed's table that touches an extension asks for its gate, and no other gate")
    func tableOfChanges() throws {
        let expected: [(HeaderChange, PathExtension)] = [
            (.ectCleared, .ecn), (.ecnFlagsCleared, .ecn), (.ecnFlagsFlipped, .ecn), (.mssAdded, .mss),
            (.mssLowered, .mss), (.windowScaleAdded, .windowScaling), (.windowScaleReplaced, .windowScaling),
        ]
        var random = SeededRandom(seed: 12)
        for (change, subject) in expected {
            let path = Samples.path(try Samples.template(for: change), forward: [change])
            let sight = PathSight(try path.interrogate(.seed, using: &random).knowledge)
            let found = GateWish(sight, PathPolicy(), holding: .none, farAgent: true)
            #expect(found.subjects == [subject], "\(change)")
        }
        for change in [HeaderChange.dontFragmentFlipped, .reservedBitsSet, .identificationZeroed, .windowOffset] {
            let path = Samples.path(try Samples.template(for: change), forward: [change])
            let sight = PathSight(try path.interrogate(.seed, using: &random).knowledge)
            #expect(GateWish(sight, PathPolicy(), holding: .none, farAgent: true).isEmpty, "\(change)")
        }
    }

    @Test(
        "A box that strips one option is told by it",
        arguments: [
            (TCPOption.sackPermittedKind, PathExtension.sack), (TCPOption.timestampKind, .timestamps),
            (TCPOption.windowScaleKind, .windowScaling), (TCPOption.maximumSegmentSizeKind, .mss),
        ])
    func strippedOptions(_ kind: UInt8, _ subject: PathExtension) throws {
        var path = Samples.path(try Samples.syn())
        path.box.strippedForward = [kind]
        var random = SeededRandom(seed: 13)
        let sight = PathSight(try path.interrogate(.seed, using: &random).knowledge)
        #expect(GateWish(sight, PathPolicy(), holding: .none, farAgent: true).subjects == [subject])
    }
}
