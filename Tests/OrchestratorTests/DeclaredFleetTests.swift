import L45Model
import Testing

@testable import Orchestrator

@Suite("What files declare of devices")
struct DeclaredFleetTests {
    private static func device(_ id: String, _ name: String) -> Device {
        Device(id: DeviceID(id), facts: DeviceFacts(name: name))
    }

    private static func declared(
        _ name: String, _ labels: [String: String], id: String? = nil, in file: String = "fleet.yaml", line: Int = 4,
        by: String? = nil
    ) -> DeclaredDevice {
        DeclaredDevice(
            name: name, id: id.map { DeviceID($0) }, labels: labels, origin: file, place: "\(file):\(line):11", by: by)
    }

    private static let web = DeviceID("a1")
    private static let enrolled = [device("a1", "web-1"), device("d4", "db-1")]

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
        #expect(
            gone.removed == [DeclaredKey(name: "web-1", by: "fleet.yaml")]
                && gone.labels == [DeviceID("a1"): ["rack": "7"]])
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

    @Test("What one file declares again replaces what it declared before, and nothing that another file declared")
    func twoFiles() throws {
        let racks = Self.declared("web-1", ["rack": "7"], in: "racks.csv")
        let sites = Self.declared("web-1", ["site": "paris"], in: "sites.yaml")
        let fleet = DeclaredFleet([racks, sites, Self.declared("db-1", ["site": "lyon"], in: "sites.yaml")])
        let labels = [Self.web: ["rack": "7", "site": "paris"], DeviceID("d4"): ["site": "lyon"]]
        let again = try fleet.change(
            DeclareRequest(devices: [Self.declared("web-1", ["rack": "8"], in: "./racks.csv")]),
            enrolled: Self.enrolled, labels: labels)
        #expect(again.outcomes.map(\.outcome) == [.configured])
        #expect(again.labels == [Self.web: ["rack": "8", "site": "paris"]])
        #expect(again.next.declarations(of: Self.enrolled[0]).map(\.declarer) == ["racks.csv", "sites.yaml"])

        // A device that the file names no more.
        let gone = try fleet.change(
            DeclareRequest(devices: [sites]), enrolled: Self.enrolled, labels: labels)
        #expect(gone.outcomes.map { "\($0.name) \($0.outcome.rawValue)" } == ["web-1 unchanged", "db-1 pruned"])
        #expect(gone.labels == [DeviceID("d4"): [:]])

        // What nobody is left to declare goes with a prune, but for those who are spared.
        let pruned = try fleet.change(
            DeclareRequest(devices: [racks], prune: true), enrolled: Self.enrolled, labels: labels)
        #expect(pruned.labels == [Self.web: ["rack": "7"], DeviceID("d4"): [:]])
        let spared = try fleet.change(
            DeclareRequest(devices: [racks], prune: true), enrolled: Self.enrolled, labels: labels,
            sparing: ["sites.yaml"])
        #expect(spared.isNothing)
    }

    @Test("A label that two declare alike stays until neither does")
    func shared() throws {
        let one = Self.declared("web-1", ["role": "web"], in: "a.yaml")
        let other = Self.declared("web-1", ["role": "web"], in: "b.yaml")
        let labels = [Self.web: ["role": "web"]]
        let first = try DeclaredFleet([one, other]).change(
            DeclareRequest(devices: [], declarers: ["a.yaml"]), enrolled: Self.enrolled, labels: labels)
        #expect(first.labels.isEmpty && first.removed.map(\.by) == ["a.yaml"])
        let second = try first.next.change(
            DeclareRequest(devices: [], declarers: ["b.yaml"]), enrolled: Self.enrolled, labels: labels)
        #expect(second.labels == [Self.web: [:]] && second.next.isEmpty)
    }

    @Test("Two that label one device differently are refused with both places, also where one calls it by its id")
    func contradictions() throws {
        let fleet = DeclaredFleet([Self.declared("web-1", ["site": "paris", "rack": "7"], in: "racks.csv", line: 2)])
        let claims = [
            Self.declared("web-1", ["site": "lyon", "rack": "7"], in: "sites.yaml", line: 9),
            Self.declared("front", ["site": "lyon"], id: "a1", in: "sites.yaml", line: 9),
        ]
        for claim in claims {
            #expect {
                try fleet.change(DeclareRequest(devices: [claim]), enrolled: Self.enrolled, labels: [:])
            } throws: { error in
                let failure = error as? APIFailure
                return failure?.code == .conflict
                    && failure?.diagnostics == [
                        "sites.yaml:9:11: error: device '\(claim.name)' is given site=lyon here, and site=paris in "
                            + "racks.csv:2:11"
                    ]
            }
        }
        // Of one request: told once.
        #expect {
            try DeclaredFleet().change(
                DeclareRequest(devices: [
                    Self.declared("web-1", ["site": "paris"], in: "a.yaml"),
                    Self.declared("web-1", ["site": "lyon"], in: "b.yaml"),
                ]), enrolled: [], labels: [:])
        } throws: {
            ($0 as? APIFailure)?.diagnostics == [
                "b.yaml:4:11: error: device 'web-1' is given site=lyon here, and site=paris in a.yaml:4:11"
            ]
        }
        // It is the file itself that says otherwise now.
        let changed = try fleet.change(
            DeclareRequest(devices: [Self.declared("web-1", ["site": "lyon"], in: "racks.csv")]),
            enrolled: Self.enrolled, labels: [Self.web: ["site": "paris", "rack": "7"]])
        #expect(changed.labels == [Self.web: ["site": "lyon"]])
    }

    @Test("Two files of one declarer each say a part of a device; one file says it once")
    func parts() throws {
        let parts = [
            Self.declared("web-1", ["site": "paris"], in: "a.yaml", by: "git/net"),
            Self.declared("web-1", ["role": "web"], in: "b.yaml", by: "git/net"),
        ]
        let change = try DeclaredFleet().change(
            DeclareRequest(devices: parts), enrolled: Self.enrolled, labels: [:])
        #expect(change.stored.count == 1)
        #expect(change.labels == [Self.web: ["site": "paris", "role": "web"]])
        #expect {
            try DeclaredFleet().change(
                DeclareRequest(devices: [parts[0], Self.declared("web-1", [:], in: "a.yaml", line: 8, by: "git/net")]),
                enrolled: [], labels: [:])
        } throws: {
            ($0 as? APIFailure)?.message
                == "device 'web-1' is declared in a.yaml:4:11 and in a.yaml:8:11; nothing was changed"
        }
    }

    @Test("What is let go of without being taken back keeps its labels")
    func released() throws {
        let fleet = DeclaredFleet([Self.declared("web-1", ["role": "web"], by: "git/net")])
        let change = try fleet.change(
            DeclareRequest(devices: [], declarers: ["git/net"]), enrolled: Self.enrolled,
            labels: [Self.web: ["role": "web"]], takesBack: false)
        #expect(change.labels.isEmpty && change.outcomes.isEmpty && change.released == ["web-1"])
        #expect(change.next.isEmpty)
    }

    @Test("A label that was changed by hand is a drift, and the same declaration again mends it")
    func drift() throws {
        let declared = Self.declared("web-1", ["role": "web", "site": "paris"], by: "git/net")
        let fleet = DeclaredFleet([declared])
        var device = Self.enrolled[0]
        device.facts.labels = ["role": "db"]
        #expect(
            fleet.drifts(by: "git/net", enrolled: [device]).map(\.text) == [
                "'role' is 'db', declared is 'web'", "'site' is not there, declared is 'paris'",
            ])
        #expect(fleet.drifts(by: "fleet.yaml", enrolled: [device]).isEmpty)
        let change = try fleet.change(
            DeclareRequest(devices: [declared]), enrolled: [device], labels: [Self.web: ["role": "db"]])
        #expect(change.outcomes.map(\.outcome) == [.configured])
        #expect(change.labels == [Self.web: ["role": "web", "site": "paris"]])
    }
}
