import Foundation
import L45Model
import Testing

@testable import L45Command

@Suite("Inventories as files: documents, CSV, Ansible, scripts")
struct InventoryImportTests {
    private func read(_ text: String, _ origin: String = "-", _ format: InventoryImport.Format = .auto) throws
        -> [DeclaredDevice]
    {
        // Where each stands is looked at by itself.
        try InventoryImport.read(text, origin: origin, format: format).devices.map { device in
            var device = device
            device.place = nil
            return device
        }
    }

    private static let web = DeclaredDevice(
        name: "web-1", labels: ["role": "web", "site": "paris", "group.paris": "yes"], groups: ["paris"], origin: "-")

    @Test("A document: a group gives its members its labels and its name, a device's own labels win")
    func document() throws {
        let text = """
            apiVersion: l45/v1
            kind: Inventory
            groups:
              paris: {site: paris, role: none}
            devices:
              - name: web-1
                labels: {role: web}
                groups: [paris]
              - name: db-1
                id: 3f00
            """
        let devices = try read(text)
        #expect(devices == [Self.web, DeclaredDevice(name: "db-1", id: DeviceID("3f00"), origin: "-")])
        // What is shown of it says the same again.
        #expect(try read(InventoryText.yaml(devices)) == devices)
    }

    @Test("Every mistake of a document is told at its place, with the nearest word")
    func mistakes() throws {
        let text = """
            kind: Inventory
            groups: {paris: {site: paris}}
            devices:
              - name: web-1
                groups: [pari]
              - labels: {role: web}
              - nme: x
            """
        #expect {
            try read(text, "fleet.yaml")
        } throws: { error in
            guard case CommandEnd.failed(let failure) = error else { return false }
            let told = failure.diagnostics.joined(separator: "\n")
            return told.contains("fleet.yaml:5:14: error: there is no group 'pari' in this document")
                && told.contains("did you mean 'paris'?") && told.contains("fleet.yaml:6:5: error: a device has a name")
                && told.contains("a device has no key 'nme'") && failure.status == .badInput
        }
    }

    @Test(
        "CSV: columns are labels, groups are parted by semicolons, quotes hold commas; a short line is told by its number"
    )
    func csv() throws {
        let text = "name,groups,role,site\r\nweb-1,paris,web,paris\n\n\"db \"\"1\"\"\",\"paris; lyon\",\"a,b\",\n"
        let devices = try read(text, "hosts.csv")
        #expect(devices.map(\.name) == ["web-1", "db \"1\""])
        #expect(devices.first?.labels == Self.web.labels)
        #expect(devices.last?.labels == ["role": "a,b", "group.paris": "yes", "group.lyon": "yes"])
        #expect(devices.last?.groups == ["lyon", "paris"])
        #expect { try read("name,role\nweb-1\n", "h.csv") } throws: {
            guard case CommandEnd.failed(let failure) = $0 else { return false }
            return failure.message == "h.csv:2: 1 cells under 2 columns; nothing was changed"
        }
    }

    @Test("Ansible's JSON, its YAML and its INI come to the same devices")
    func ansible() throws {
        let json = """
            {"_meta": {"hostvars": {"web-1": {"l45_role": "web", "ansible_host": "10.0.0.1"}, "db-1": {}}},
             "all": {"children": ["ungrouped", "france"]}, "ungrouped": {"hosts": ["db-1"]},
             "france": {"children": ["paris"]}, "paris": {"hosts": ["web-1"]}}
            """
        let ini = """
            db-1

            [paris]
            web-1 l45_role=web ansible_host=10.0.0.1  # the first

            [france:children]
            paris
            """
        let yaml = """
            all:
              hosts: {db-1: {}}
              children:
                france: {children: {paris: {hosts: {web-1: {l45_role: web, ansible_host: 10.0.0.1}}}}}
            """
        let wanted = [
            DeclaredDevice(name: "db-1", origin: "-"),
            DeclaredDevice(
                name: "web-1", labels: ["role": "web", "group.paris": "yes", "group.france": "yes"],
                groups: ["france", "paris"], origin: "-"),
        ]
        #expect(try read(json) == wanted)
        #expect(try read(ini) == wanted)
        #expect(try read(yaml) == wanted)
    }

    @Test("A group's variables are its members' labels; what is nearer to the device wins; groups in a circle end")
    func inheritance() throws {
        let devices = try read(
            """
            [paris]
            web-1
            [paris:vars]
            l45_site=paris
            l45_tier=gold
            [france:children]
            paris
            [france:vars]
            l45_tier=silver
            l45_country=fr
            [paris:children]
            france
            """)
        #expect(devices.first?.labels["site"] == "paris")
        #expect(devices.first?.labels["country"] == "fr")
    }

    @Test("A script's list of devices")
    func script() throws {
        let text = #"[{"name": "web-1", "labels": {"role": "web", "site": "paris"}, "groups": ["paris"]}]"#
        #expect(try read(text) == [Self.web])
        #expect { try read(#"[{"nam": "x"}]"#) } throws: {
            guard case CommandEnd.failed(let failure) = $0 else { return false }
            return failure.message.hasPrefix("'-': 'name' is missing at ")
        }
    }

    @Test("Who declares is the file, or the name that the document has or --as gives it; each device has its place")
    func declarers() throws {
        func request(_ text: String, _ path: String, as name: String? = nil) throws -> DeclareRequest {
            try InventoryImport.request(
                APISource(origin: path, text: text), as: name, format: .auto, prune: false, dryRun: false)
        }
        let csv = "name,site\nweb-1,paris\n"
        let file = try request(csv, "./net//hosts.csv")
        #expect(file.covered == ["net/hosts.csv"])
        #expect(file.devices.map(\.whereabouts) == ["./net//hosts.csv:2"])
        #expect(try request(csv, "hosts.csv", as: "cmdb").covered == ["cmdb"])
        let yaml = "kind: Inventory\nname: racks\ndevices:\n  - name: web-1\n"
        let named = try request(yaml, "fleet.yaml")
        #expect(named.covered == ["racks"] && named.devices.map(\.whereabouts) == ["fleet.yaml:4:11"])
        #expect(try request(yaml, "fleet.yaml", as: "cmdb").covered == ["cmdb"])
        // A document that names no device any more declares all the same: that there is none.
        #expect(try request("kind: Inventory\nname: racks\n", "fleet.yaml").covered == ["racks"])
        #expect(try InventoryText.yaml(named.devices).contains("name: racks\n"))
    }

    @Test("An inventory beside intents is taken out of their file, and the intents' places stay true")
    func beside() async throws {
        let text = "kind: Inventory\ndevices: [{name: web-1}]\n---\nname: dns\nintent:\n  - tga dig DNS\n"
        let outcome = try await Binary.run(["apply", "-f", "-", "--dry-run=client"], input: text)
        #expect(outcome.status == 2)
        #expect(outcome.errors.hasPrefix("-:6:5: error: "))
    }

    @Test(
        "In a playground: what no file names is shown as such, labels come and go with the file, and an export is taken back"
    )
    func story() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let outcome = try await Binary.run(
            [
                "demo", "--devices", "4", "--run",
                #"""
                set -e
                printf 'name,groups,site\nweb-1,paris,paris\nws-1,,paris\nws-9,,lyon\n' > hosts.csv
                l45 import hosts.csv --dry-run
                l45 import hosts.csv
                l45 get devices -l site=paris -o jsonpath='paris: {[*].name}'
                l45 get devices -l group.paris=yes -o jsonpath='group: {[*].name}'
                l45 get devices -o jsonpath='no file: {[?(@.conditions[3].status=="false")].name}'
                l45 describe device ws-2 | grep Declared
                printf 'name,rack\nweb-1,7\n' > racks.csv
                l45 import ./racks.csv > /dev/null
                l45 get devices -l site=paris,rack=7 -o jsonpath='both: {[*].name} by {[*].declaredBy[*]}'
                l45 get devices -o wide | sed -n 's/^web-1 .* /wide: /p'
                printf 'name,site\nweb-1,lyon\n' > other.csv
                l45 import other.csv || echo "other: status $?"
                l45 import racks.csv --as hosts.csv --dry-run | sed 's/^/as hosts: /'
                l45 apply -f intents/ --wait > /dev/null
                l45 export --folder out
                l45 diff -f out/dns.yaml out/web.yaml && echo 'no difference'
                l45 export | l45 apply -f - --dry-run -o name
                printf 'kind: Inventory\ndevices: [{name: web-1, labels: {site: lyon}}]\n' > inventory.yaml
                l45 diff -f inventory.yaml --prune || echo "status $?"
                mkdir net
                cp inventory.yaml net/
                printf 'kind: Inventory\nname: edges\ndevices: [{name: ws-2, labels: {edge: north}}]\n' > net/edges.yaml
                printf 'name: edge\nclients: {edge: north}\nservers: {role: resolver}\nintent: [tag dig DNS]\n' > net/edge.yml
                l45 diff -f net --prune | sed 's/^/net: /'
                l45 apply -f inventory.yaml --prune
                l45 get devices -l site=paris -o jsonpath='paris: {[*].name}.'
                l45 get devices -l site=lyon -o jsonpath='lyon: {[*].name}'
                """#,
            ], environment: ["TMPDIR": folder.path, "HOME": folder.path])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let text = outcome.output
        #expect(
            text.hasPrefix(
                """
                declared/web-1 created (dry run)
                declared/ws-1 created (dry run)
                declared/ws-9 created (dry run), not enrolled
                2 enrolled devices that no file names: resolver-1, ws-2
                declared/web-1 created
                declared/ws-1 created
                declared/ws-9 created, not enrolled
                2 enrolled devices that no file names: resolver-1, ws-2
                paris: web-1 ws-1
                group: web-1
                no file: resolver-1 ws-2

                """), "\(text)")
        #expect(text.contains("enrolled, and no inventory names it\n"))
        #expect(text.contains("3 files in out\nno difference\ndeclared/resolver-1\ndeclared/web-1\n"), "\(text)")
        #expect(text.contains("both: web-1 by hosts.csv racks.csv\nwide: hosts.csv,racks.csv\n"), "\(text)")
        #expect(text.contains("other: status"))
        #expect(
            outcome.errors.contains(
                "other.csv:2: error: device 'web-1' is given site=lyon here, and site=paris in hosts.csv:2"))
        #expect(text.contains("as hosts: declared/ws-1 pruned (dry run)\n"), "\(text)")
        #expect(text.contains("status 1\n"))
        #expect(text.contains("net: declared/ws-2 created (dry run), by edges\n"), "\(text)")
        #expect(text.contains("net: + intent/edge\n"), "\(text)")
        #expect(text.contains("declared/web-1 created, by inventory.yaml\n"), "\(text)")
        #expect(text.contains("declared/ws-9 pruned, by hosts.csv\n"), "\(text)")
        #expect(text.hasSuffix("paris: .\nlyon: web-1\n"), "\(text)")
    }
}
