import L45Model

// Middleboxes: where they stand, and what is known of them.
extension InventoryDecoder {
    mutating func middleboxes(_ value: YAMLValue, _ groups: [String: [String: String]]) -> [DeclaredMiddlebox] {
        guard case .sequence(let items, _) = value else {
            tell(value, "'middleboxes' is a list, not \(value.kind)", "begin each with '- name: NAME'")
            return []
        }
        return items.compactMap { middlebox($0, groups) }
    }

    private mutating func middlebox(_ value: YAMLValue, _ groups: [String: [String: String]]) -> DeclaredMiddlebox? {
        let fields = mapping(
            value, "a middlebox", ["name", "addresses", "between", "changes", "owner", "note"])
        guard let nameValue = fields["name"] else {
            if case .mapping = value { tell(value, "a middlebox has a name", "write 'name: NAME'") }
            return nil
        }
        guard let name = text(nameValue, "name") else { return nil }
        var box = DeclaredMiddlebox(name: name, origin: origin, place: nameValue.place.short, by: by)
        for item in fields["addresses"].map({ list($0) }) ?? [] {
            guard let text = self.text(item, "addresses") else { continue }
            guard let block = AddressBlock(text) else {
                tell(item, "'\(text.shortened)' is no address", "write one such as 192.0.2.1 or 2001:db8::1")
                continue
            }
            box.addresses.append(block)
        }
        if let between = fields["between"] { box.between = sides(between, groups) }
        for item in fields["changes"].map({ list($0) }) ?? [] {
            if let change = self.change(item) { box.changes.append(change) }
        }
        box.owner = fields["owner"].flatMap { text($0, "owner") }
        box.note = fields["note"].flatMap { text($0, "note") }
        guard fields["addresses"] != nil || fields["between"] != nil else {
            tell(
                nameValue, "middlebox '\(name.shortened)' stands nowhere",
                "write 'between: [10.1.0.0/16, 10.2.0.0/16]', or 'addresses:'")
            return nil
        }
        return box
    }

    private mutating func sides(
        _ value: YAMLValue, _ groups: [String: [String: String]]
    ) -> [[DeclaredMiddlebox.Side]] {
        guard case .sequence(let items, _) = value, items.count == 2 else {
            tell(
                value, "'between' is a list of two sides",
                "write 'between: [10.1.0.0/16, 10.2.0.0/16]'; a side may be a list")
            return []
        }
        return items.map { side in
            list(side).compactMap { item -> DeclaredMiddlebox.Side? in
                guard let text = self.text(item, "between") else { return nil }
                let side = DeclaredMiddlebox.Side(text)
                if case .group(let name) = side, groups[name] == nil {
                    tell(
                        item, "'\(name.shortened)' is no prefix, and no group of this document",
                        Suggestion.hint(
                            for: name, among: groups.keys.sorted(),
                            otherwise: "write a prefix such as 10.1.0.0/16, or name the group under 'groups:'"))
                    return nil
                }
                return side
            }
        }
    }

    private mutating func change(_ item: YAMLValue) -> MiddleboxChange? {
        guard let text = self.text(item, "changes") else { return nil }
        if let change = MiddleboxChange(text: text) { return change }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        if MiddleboxChange(parts[0]) != nil {
            tell(item, "'\(parts[1].shortened)' is no direction", "write ':forward', ':reverse' or ':both'")
        } else {
            tell(
                item, "a middlebox makes no change '\(parts[0].shortened)'",
                Suggestion.hint(
                    for: parts[0], among: MiddleboxChange.names,
                    otherwise: "there are \(MiddleboxChange.names.joined(separator: ", "))"))
        }
        return nil
    }

    /// A list, or the one value that stands for a list of itself.
    private func list(_ value: YAMLValue) -> [YAMLValue] {
        guard case .sequence(let items, _) = value else { return [value] }
        return items
    }
}
