package import L45Model

extension LabelSelector {
    /// Reads `role=workstation,site!=lab,rack,!spare`; `role=a|b` means either; `*` means every device.
    package init(parsing text: String) throws(Complaint) {
        var requirements: [Requirement] = []
        if text.trimmed == "*" {
            self.init()
            return
        }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            requirements.append(try Self.requirement(String(part).trimmed, in: text))
        }
        self.init(requirements)
    }

    private static func requirement(_ part: String, in text: String) throws(Complaint) -> Requirement {
        guard !part.isEmpty else {
            throw Complaint("'\(text.shortened)' has an empty part", "write 'label=value', one comma between two")
        }
        if let (label, values) = part.halves(at: "!=") {
            return Requirement(label: try Check.labelKey(label), rule: .isNone(of: try alternatives(values)))
        }
        if let (label, values) = part.halves(at: "==") ?? part.halves(at: "=") {
            if values == "*" { return Requirement(label: try Check.labelKey(label), rule: .present) }
            return Requirement(label: try Check.labelKey(label), rule: .isOne(of: try alternatives(values)))
        }
        if part.hasPrefix("!") {
            return Requirement(label: try Check.labelKey(String(part.dropFirst()).trimmed), rule: .absent)
        }
        return Requirement(label: try Check.labelKey(part), rule: .present)
    }

    private static func alternatives(_ text: String) throws(Complaint) -> [String] {
        var values: [String] = []
        for value in text.split(separator: "|", omittingEmptySubsequences: false) {
            values.append(try Check.labelValue(String(value).trimmed))
        }
        return values
    }
}

extension String {
    /// Without blanks at either end.
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }

    /// What stands before and after the first `separator`.
    func halves(at separator: String) -> (String, String)? {
        let letters = Array(unicodeScalars)
        let sign = Array(separator.unicodeScalars)
        guard letters.count >= sign.count else { return nil }
        for at in 0...(letters.count - sign.count) where letters[at..<(at + sign.count)].elementsEqual(sign) {
            let before = String(String.UnicodeScalarView(letters[..<at]))
            let after = String(String.UnicodeScalarView(letters[(at + sign.count)...]))
            return (before.trimmed, after.trimmed)
        }
        return nil
    }
}
