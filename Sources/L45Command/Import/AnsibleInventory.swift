import Foundation
import L45Model
import Yams

/// An inventory of Ansible: what `ansible-inventory --list` prints, YAML, or the simple form of INI. Groups stay groups, those
/// that a group is a child of among them; a variable `l45_NAME` is the label NAME. `all` and `ungrouped` are no groups.
enum AnsibleInventory {
    private static let prefix = "l45_"

    private struct Group {
        var hosts: [String: [String: String]] = [:]
        var children: [String] = []
        var labels: [String: String] = [:]
    }

    static func read(_ text: String, _ origin: String) throws -> [DeclaredDevice] {
        var groups: [String: Group] = [:]
        if text.first(where: { !$0.isWhitespace && $0 != "#" }) == "[" || !text.contains(":") || isINI(text) {
            try ini(text, origin, &groups)
        } else {
            let root: Any?
            do { root = try Yams.load(yaml: text) } catch {
                throw CommandEnd.badInput("'\(origin)' cannot be read: \(error)")
            }
            guard let all = root as? [String: Any] else {
                throw CommandEnd.badInput(
                    "'\(origin)' is no inventory of Ansible", hint: "give what 'ansible-inventory --list' prints")
            }
            if let meta = (all["_meta"] as? [String: Any])?["hostvars"] as? [String: Any] {
                groups["all", default: Group()].hosts = meta.mapValues { labels($0) }
            }
            for (name, value) in all where name != "_meta" { take(name, value, &groups, depth: 0) }
        }
        return devices(groups, origin)
    }

    private static func isINI(_ text: String) -> Bool {
        text.split(separator: "\n").contains { $0.hasPrefix("[") && $0.contains("]") }
    }

    private static func take(_ name: String, _ value: Any, _ groups: inout [String: Group], depth: Int) {
        guard depth < 32, let fields = value as? [String: Any] else { return }
        var group = groups[name] ?? Group()
        group.labels.merge(labels(fields["vars"])) { _, new in new }
        if let hosts = fields["hosts"] as? [String] {
            for host in hosts { group.hosts[host] = group.hosts[host] ?? [:] }
        } else if let hosts = fields["hosts"] as? [String: Any] {
            for (host, vars) in hosts { group.hosts[host, default: [:]].merge(labels(vars)) { _, new in new } }
        }
        if let children = fields["children"] as? [String] { group.children += children }
        let nested = fields["children"] as? [String: Any] ?? [:]
        group.children += nested.keys
        groups[name] = group
        for (child, value) in nested {
            if groups[child] == nil { groups[child] = Group() }
            take(child, value, &groups, depth: depth + 1)
        }
    }

    /// Variables that are labels.
    private static func labels(_ value: Any?) -> [String: String] {
        var found: [String: String] = [:]
        for (key, value) in value as? [String: Any] ?? [:] where key.hasPrefix(prefix) && key.count > prefix.count {
            found[String(key.dropFirst(prefix.count))] = "\(value)"
        }
        return found
    }

    private static func ini(_ text: String, _ origin: String, _ groups: inout [String: Group]) throws {
        var section = ("all", "")
        for (number, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = raw.prefix { $0 != "#" && $0 != ";" }.trimmingCharacters(in: .whitespaces)
            if line.isEmpty { continue }
            if line.hasPrefix("[") {
                guard line.hasSuffix("]") else {
                    throw CommandEnd.badInput("\(origin):\(number + 1): a ']' is missing; nothing was changed")
                }
                let parts = line.dropFirst().dropLast().split(separator: ":", maxSplits: 1).map(String.init)
                section = (parts.first ?? "all", parts.count == 2 ? parts[1] : "")
                if groups[section.0] == nil { groups[section.0] = Group() }
                continue
            }
            let words = line.split(separator: " ").map(String.init)
            let variables = words.reduce(into: [String: Any]()) { found, word in
                let sides = word.split(separator: "=", maxSplits: 1).map(String.init)
                if sides.count == 2 { found[sides[0]] = sides[1].trimmingCharacters(in: ["\"", "'"]) }
            }
            switch section.1 {
            case "children": groups[section.0, default: Group()].children.append(words[0])
            case "vars": groups[section.0, default: Group()].labels.merge(labels(variables)) { _, new in new }
            case "":
                groups[section.0, default: Group()].hosts[words[0], default: [:]].merge(labels(variables)) { _, new in
                    new
                }
            default:
                throw CommandEnd.badInput(
                    "\(origin):\(number + 1): sections are [GROUP], [GROUP:children] and [GROUP:vars]; nothing was changed"
                )
            }
        }
    }

    private static func devices(_ groups: [String: Group], _ origin: String) -> [DeclaredDevice] {
        var parents: [String: Set<String>] = [:]
        for (name, group) in groups { for child in group.children { parents[child, default: []].insert(name) } }
        var member: [String: Set<String>] = [:]
        var own: [String: [String: String]] = [:]
        for (name, group) in groups {
            for (host, labels) in group.hosts {
                own[host, default: [:]].merge(labels) { _, new in new }
                member[host, default: []].formUnion(upwards(from: name, parents))
            }
        }
        return own.keys.sorted().map { host in
            let all = member[host] ?? []
            // Wider groups first: what is nearer to the device wins, and the device's own over all.
            let inherited = all.sorted { (depth($0, parents), $0) < (depth($1, parents), $1) }
                .reduce(into: [String: String]()) { $0.merge(groups[$1]?.labels ?? [:]) { _, nearer in nearer } }
            return InventoryImport.device(
                host, labels: inherited.merging(own[host] ?? [:]) { _, own in own },
                groups: all.subtracting(["all", "ungrouped"]).sorted(), origin)
        }
    }

    private static func upwards(from name: String, _ parents: [String: Set<String>]) -> Set<String> {
        var found: Set<String> = []
        var open = [name]
        while let next = open.popLast() {
            if found.insert(next).inserted { open += parents[next] ?? [] }
        }
        return found
    }

    private static func depth(_ name: String, _ parents: [String: Set<String>]) -> Int {
        upwards(from: name, parents).count
    }
}
