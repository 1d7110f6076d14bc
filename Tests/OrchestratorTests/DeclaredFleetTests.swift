import L45Model
import Testing

@testable import Orchestrator

@Suite("What files declare of devices")
struct DeclaredFleetTests {
    private static func device(_ id: String, _ name: String) -> Device {
        Device(id: DeviceID(id), facts: DeviceFacts(name: name))
    }

    private static func declared(_ name: String, _ labels: [String: String], id: String? = nil) -> DeclaredDevice {
        DeclaredDevice(name: name, id: id.map { DeviceID($0) }, labels: labels, origin: "fleet.yaml")
    }

    @Test("Labels come with a declaration and go with it; what was set by hand meanwhile stays")
    func labels() throws {
        let fleet = DeclaredFleet([Self.declared("web-1", ["role": "web", "site": "paris"])])
        let change = try fleet.change(
            DeclareRequest(devices: [Self.declared("web-1", ["role": "web", "tier": "gold"])]),
            enrolled: [Self.device("a1", "web-1")],
            labels: [DeviceID("a1"): ["role": "web", "site": "lyon", "rack": "7"]])
        #expect(change.outcomes.map(\.outcome) == [.configured])
        // The site was changed by hand after the file said it: no longer the file's.
        #expect(change.labels == [DeviceID("a1"): ["role": "web", "site": "lyon", "rack": "7", "tier": "gold"]])
        let gone = try fleet.change(
            DeclareRequest(devices: [], prune: true), enrolled: [Self.device("a1", "web-1")],
            labels: [DeviceID("a1"): ["role": "web", "site": "paris", "rack": "7"]])
        #expect(gone.removed == ["web-1"] && gone.labels == [DeviceID("a1"): ["rack": "7"]])
        #expect(gone.undeclared == ["web-1"])
    }

    @Test("A name that two devices say labels neither; an id tells which is meant")
    func names() throws {
        let two = [Self.device("a1", "web-1"), Self.device("b2", "web-1")]
        let by = try DeclaredFleet().change(
            DeclareRequest(devices: [Self.declared("web-1", ["role": "web"])]), enrolled: two, labels: [:])
        #expect(by.labels.isEmpty)
        #expect(by.warnings == ["device 'web-1': 2 devices say this name (a1, b2); give its id to say which"])
        let exact = try DeclaredFleet().change(
            DeclareRequest(devices: [Self.declared("web-1", ["role": "web"], id: "b2")]), enrolled: two, labels: [:])
        #expect(exact.labels == [DeviceID("b2"): ["role": "web"]])
        #expect(exact.undeclared == ["web-1"])
    }

    @Test("The same again changes nothing; a device named twice, or too much of it, is refused")
    func refusals() throws {
        let one = Self.declared("web-1", ["role": "web"])
        let same = try DeclaredFleet([one]).change(
            DeclareRequest(devices: [one]), enrolled: [Self.device("a1", "web-1")],
            labels: [DeviceID("a1"): ["role": "web"]])
        #expect(same.outcomes.map(\.outcome) == [.unchanged] && same.labels.isEmpty && same.stored.isEmpty)
        #expect(throws: APIFailure.self) {
            try DeclaredFleet().change(DeclareRequest(devices: [one, one]), enrolled: [], labels: [:])
        }
        #expect(throws: APIFailure.self) {
            try DeclaredFleet().change(
                DeclareRequest(devices: [Self.declared("", [:])]), enrolled: [], labels: [:])
        }
        #expect(throws: APIFailure.self) {
            let many = Dictionary(uniqueKeysWithValues: (0..<65).map { ("k\($0)", "v") })
            return try DeclaredFleet().change(
                DeclareRequest(devices: [Self.declared("x", many)]), enrolled: [], labels: [:])
        }
    }
}
