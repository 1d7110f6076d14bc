import HiccupsGuard
import L45Model
import Testing

@Suite("What is declared of middleboxes, in the lab's words")
struct MiddleboxChangeTests {
    @Test("An inventory knows every change that the lab's box makes, by the same name, and no other")
    func names() {
        #expect(MiddleboxChange.names == BoxChange.names)
    }

    @Test("A change that is said to touch an extension is measured as a change of that extension")
    func measured() throws {
        var random = SeededRandom(seed: 14)
        var compared = 0
        for change in HeaderChange.allCases {
            let name = BoxChange.table(change).description
            let declared = try #require(MiddleboxChange(name))
            guard let subject = declared.subject, change != .ceDegraded else { continue }
            let path = Samples.path(try Samples.template(for: change), forward: [change])
            let sight = PathSight(try path.interrogate(.seed, using: &random).knowledge)
            #expect(sight[subject, .forward].isChanged, "\(name)")
            compared += 1
        }
        #expect(compared == 7)
        for (name, kind) in [
            ("sack-stripped", TCPOption.sackPermittedKind), ("timestamps-stripped", TCPOption.timestampKind),
            ("window-scale-stripped", TCPOption.windowScaleKind), ("mss-stripped", TCPOption.maximumSegmentSizeKind),
        ] {
            var path = Samples.path(try Samples.syn())
            path.box.strippedForward = [kind]
            let sight = PathSight(try path.interrogate(.seed, using: &random).knowledge)
            let declared = try #require(MiddleboxChange(name))
            let subject = try #require(declared.subject)
            #expect(sight[subject, .forward].isChanged, "\(name)")
        }
    }
}
