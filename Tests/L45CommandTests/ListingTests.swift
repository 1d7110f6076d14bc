import Foundation
import L45Model
import Testing

@testable import L45Command

@Suite("Output for programs")
struct ListingTests {
    @Test("JSON is a list, has RFC 3339 times, and leaves out what is not there")
    func json() throws {
        #expect(
            try Listing.rollouts([Fleet.rollout(.drain, epoch: nil)]).json == """
                [
                  {
                    "flow" : "dns/0",
                    "intent" : "dns",
                    "paused" : false,
                    "phase" : "drain",
                    "since" : "2026-09-21T14:13:08.000Z",
                    "waiting" : [
                      {
                        "device" : "5e50000000000000000000000000000a",
                        "deviceName" : "resolver-1",
                        "reason" : "has not confirmed generation 7 (last report 6, 15 s ago)"
                      }
                    ]
                  }
                ]
                """)
    }

    @Test("JSON of each kind reads back as what it was")
    func readsBack() throws {
        func back<Value: Codable & Equatable>(_ value: Value, _ text: String) throws -> Bool {
            try JSONDecoder().decode(Value.self, from: Data(text.utf8)) == value
        }
        #expect(try back(Fleet.devices, Listing.devices(Fleet.devices).json))
        #expect(try back([Fleet.intent()], Listing.intents([Fleet.intent()]).json))
        #expect(try back(Fleet.modules, Listing.modules(Fleet.modules).json))
        #expect(try back(Fleet.events, Listing.events(Fleet.events).json))
    }

    @Test("YAML keeps a source of several lines readable")
    func yaml() throws {
        let text = try Listing.intents([Fleet.intent()]).yaml
        #expect(text.contains("- conditions:\n"))
        #expect(
            text.contains("  epochSince: 2026-09-21T14:12:50.000Z")
                || text.contains("epochSince: '2026-09-21T14:12:50.000Z'"))
        #expect(text.contains("tag dig DNS"))
        #expect(!text.hasSuffix("\n"))
    }

    @Test("An empty list is an empty list")
    func empty() throws {
        #expect(try Listing.devices([]).json == "[\n\n]")
        #expect(try Listing.devices([]).yaml == "[]")
    }

    @Test("Names are such as other verbs take")
    func names() {
        #expect(Listing.devices([Fleet.client]).names == ["device/c11e0000000000000000000000000001"])
        #expect(Listing.intents([Fleet.intent()]).names == ["intent/dns"])
        #expect(Listing.rollouts([Fleet.rollout()]).names == ["rollout/dns/0"])
    }
}
