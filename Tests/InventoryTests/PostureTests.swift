import Foundation
import L45Model
import Testing

@testable import Inventory

@Suite("The level in the CIB")
struct PostureTests {
    let folder: TemporaryFolder
    let cib: Inventory

    init() throws {
        folder = try TemporaryFolder()
        cib = try Inventory(folder: folder.cib)
    }

    @Test("It is stored with the intents that it belongs to, changed by itself, and gone with them")
    func life() throws {
        var standing = PostureStanding(
            posture: IntentName("cpcon"), level: PostureLevel("CPCON4"), by: "cpcon.yaml", via: .document, since: noon)
        try cib.adopt(intents: [intent(source: "one")], plans: [], posture: standing, at: noon)
        #expect(try cib.fleet().posture == standing)
        standing.level = PostureLevel("CPCON2")
        standing.via = .command
        standing.reachedAt = noon + .milliseconds(7)
        let event = Event(at: noon, subject: "posture/cpcon", message: "level changed")
        try cib.record(standing, events: [event])
        #expect(try cib.fleet().posture == standing)
        #expect(try cib.latestEvents(10, subject: "posture/cpcon").map(\.event) == [event])
        try cib.adopt(intents: [], removed: [IntentName("dns")], plans: [], at: noon)
        #expect(try cib.fleet().posture == nil)
    }
}
