import L45Model

/// Why a value is refused, without its place: the same for a phrase, the long form and a selector on the command line.
package struct Complaint: Error, Hashable, Sendable {
    package var message: String
    package var hint: String?
    package init(_ message: String, _ hint: String? = nil) {
        self.message = message
        self.hint = hint
    }
}

/// Reads the values of the language.
enum Check {
    // MARK: numbers and times

    static func integer(_ text: String, _ what: String, _ range: ClosedRange<Int>) throws(Complaint) -> Int {
        let bounds = "\(what) is a whole number from \(range.lowerBound) to \(range.upperBound)"
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard isNumber else { throw Complaint("\(bounds), not '\(text.shortened)'") }
        guard let number = Int(text), range.contains(number) else {
            throw Complaint("\(bounds), not \(text.shortened)")
        }
        return number
    }

    static func port(_ text: String) throws(Complaint) -> UInt16 {
        UInt16(try integer(text, "a port", 1...65535))
    }

    static func span(_ text: String, _ what: String, _ range: ClosedRange<Span>) throws(Complaint) -> Span {
        guard let span = Span(text) else {
            let units = "write a number and its unit: 250ms, 90s, 5m, 6h or 1d"
            if text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), !text.isEmpty {
                throw Complaint("\(what) '\(text.shortened)' has no unit", units)
            }
            throw Complaint("\(what) '\(text.shortened)' is no length of time", units)
        }
        guard range.contains(span) else {
            throw Complaint("\(what) is \(range.lowerBound) to \(range.upperBound), not \(span)")
        }
        return span
    }

    // MARK: names

    static func intentName(_ text: String) throws(Complaint) -> IntentName {
        let rule = "a name is 1 to 63 of a-z, 0-9 and '-'"
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
        if (1...63).contains(text.utf8.count), allowed { return IntentName(text) }
        if text.utf8.count > 63 { throw Complaint("\(rule); this one has \(text.utf8.count)", "shorten it") }
        // What the author most likely wants: lower case, and a dash for everything else.
        var wanted = ""
        for scalar in text.lowercased().unicodeScalars {
            let keep = scalar.isASCII && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil)
            if keep { wanted.unicodeScalars.append(scalar) } else if wanted.last != "-" { wanted += "-" }
        }
        while wanted.hasSuffix("-") { wanted.removeLast() }
        while wanted.hasPrefix("-") { wanted.removeFirst() }
        let hint = wanted.isEmpty ? nil : "did you mean '\(wanted)'?"
        throw Complaint(text.isEmpty ? "\(rule); this one is empty" : "\(rule), not '\(text.shortened)'", hint)
    }

    /// Task names hold 15 bytes in the kernel (TASK_COMM_LEN less its NUL), and tests compare them whole.
    static let programBytesMax = 15

    /// - Returns: nil for `any`.
    static func program(_ text: String, _ what: String = "a program") throws(Complaint) -> String? {
        if text.lowercased() == "any" || text == "*" { return nil }
        let rule = "\(what) is named as the kernel shows it in /proc/PID/comm"
        guard !text.isEmpty else { throw Complaint("\(rule): this name is empty", "write 'any' for every program") }
        if text.contains("/"), let last = text.split(separator: "/").last {
            throw Complaint("\(rule): a name, not the path '\(text.shortened)'", "did you mean '\(last)'?")
        }
        if let star = text.firstIndex(of: "*"), star != text.index(before: text.endIndex) {
            throw Complaint("'*' may only end a name: '\(text.shortened)'", "did you mean '\(text[..<star])*'?")
        }
        if text.utf8.count > programBytesMax {
            var cut = text
            while cut.utf8.count > programBytesMax { cut.removeLast() }
            throw Complaint(
                "\(rule), which keeps \(programBytesMax) bytes; '\(text.shortened)' has \(text.utf8.count)",
                "did you mean '\(cut)'?")
        }
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
            throw Complaint("\(rule): '\(text.shortened)' holds a control character")
        }
        return text
    }

    static func tagLabel(_ text: String) throws(Complaint) -> String {
        if text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
            throw Complaint("a label is one line of text without control characters")
        }
        let bytes = text.utf8.count
        guard bytes <= DialectBounds.labelBytesMax else {
            throw Complaint(
                "a label has at most \(DialectBounds.labelBytesMax) bytes, '\(text.shortened)' has \(bytes)",
                "shorten it")
        }
        return text
    }

    // MARK: labels of devices

    static func labelKey(_ text: String) throws(Complaint) -> String {
        guard (1...63).contains(text.utf8.count), text.unicodeScalars.allSatisfy(isLabelCharacter) else {
            throw Complaint("a label's name is 1 to 63 of letters, digits and '-_./', not '\(text.shortened)'")
        }
        return text
    }

    static func labelValue(_ text: String) throws(Complaint) -> String {
        guard (1...63).contains(text.utf8.count), text.unicodeScalars.allSatisfy(isLabelCharacter) else {
            throw Complaint("a label's value is 1 to 63 of letters, digits and '-_./', not '\(text.shortened)'")
        }
        return text
    }

    private static func isLabelCharacter(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isASCII
            && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || "-_./".unicodeScalars.contains(scalar))
    }

    // MARK: addresses

    static func address(_ text: String) throws(Complaint) -> AddressBlock {
        if let block = AddressBlock(text) { return block }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let host = AddressBlock(first) else {
            if let colon = text.firstIndex(of: ":"), AddressBlock(text[..<colon]) != nil {
                throw Complaint("'\(text.shortened)' is an address with a port", "write the port under 'port:'")
            }
            throw Complaint(
                "'\(text.shortened)' is no IPv4 or IPv6 address",
                "names are not looked up: write 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32")
        }
        let width = host.isIPv4 ? 32 : 128
        guard parts.count == 2, let prefix = Int(parts[1]), (0...width).contains(prefix) else {
            throw Complaint(
                "the prefix length of \(host) is 0 to \(width), not '\(parts.dropFirst().joined(separator: "/"))'")
        }
        throw Complaint(
            "'\(text.shortened)' sets bits past its prefix",
            network(of: host, prefix).map { "did you mean \($0)? or \(host) for the one address" })
    }

    /// The network that an address lies in.
    private static func network(of host: AddressBlock, _ prefix: Int) -> String? {
        var bytes = host.bytes
        let first = prefix + (host.isIPv4 ? 96 : 0)
        for bit in first..<128 { bytes[bit / 8] &= ~(0x80 >> UInt8(bit % 8)) }
        let text =
            host.isIPv4
            ? bytes.suffix(4).map(String.init).joined(separator: ".")
            : stride(from: 0, to: 16, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
                .joined(separator: ":")
        return AddressBlock("\(text)/\(prefix)")?.description
    }

    // MARK: words

    static func choice<Value>(_ text: String, _ what: String, _ table: [(word: String, value: Value)]) throws(Complaint)
        -> Value
    {
        if let found = table.first(where: { $0.word == text.lowercased() }) { return found.value }
        let words = table.map(\.word)
        let list = enumeration(words.map { "'\($0)'" }, conjunction: "or")
        throw Complaint(
            "\(what) is \(list), not '\(text.shortened)'", Suggestion.hint(for: text, among: words))
    }
}
