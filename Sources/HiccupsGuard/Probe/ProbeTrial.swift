/// What a SYN asks for: its TCP options, in order, and whether it asks for ECN. What is not asked for can only be seen to be
/// added on the way, not to be changed.
package struct ProbeTrial: Hashable, Sendable, CustomStringConvertible {
    package var options: [TCPOption]
    /// Sends ECT(0), ECE and CWR.
    package var usesECN: Bool

    package init(options: [TCPOption], usesECN: Bool = false) {
        self.options = options
        self.usesECN = usesECN
    }

    /// What an ordinary host sends.
    package static let standard = ProbeTrial(
        options: [.maximumSegmentSize(1460), .sackPermitted, .timestamp(value: 1, echo: 0), .windowScale(7)])

    /// The eight of the seed's survey (table 8.3), in its order.
    package static let seed: [ProbeTrial] = [
        ProbeTrial(options: standard.options + [.other(kind: TCPOption.unusedKind, [])]),
        ProbeTrial(options: standard.options + [.multipath(multipathCapable)]),
        standard,
        ProbeTrial(options: [.maximumSegmentSize(1460)], usesECN: true),
        ProbeTrial(options: [.maximumSegmentSize(480)]),
        ProbeTrial(options: [.maximumSegmentSize(1460)]),
        ProbeTrial(options: [.maximumSegmentSize(1600)]),
        ProbeTrial(options: []),
    ]

    /// MP_CAPABLE of a SYN, version 1, HMAC-SHA256 (RFC 8684 section 3.1).
    static let multipathCapable: [UInt8] = [0x01, 0x01]

    /// As ``init(parsing:)`` reads it.
    package var description: String {
        let parts = options.map(Self.text) + (usesECN ? ["ecn"] : [])
        return parts.isEmpty ? "none" : parts.joined(separator: ",")
    }

    /// Reads `mss=1460,sackok,ts,wscale=7,mptcp,tfo,ecn`, `none`, and any option as KIND:HEX, as in `99:cafe`.
    /// - Throws: ``ProbeError/badOption(_:)``, naming the part that cannot be read.
    package init(parsing text: String) throws(ProbeError) {
        self.init(options: [])
        guard text != "none" else { return }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            if part == "ecn" { usesECN = true } else { options.append(try Self.option(String(part))) }
        }
        do throws(PacketError) {
            _ = try OptionBlock(options)
        } catch {
            throw .badOption("'\(text)': \(error)")
        }
    }

    private static func option(_ text: String) throws(ProbeError) -> TCPOption {
        if let colon = text.firstIndex(of: ":") { return try raw(text, colon) }
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        let value = parts.count == 2 ? String(parts[1]) : nil
        func number(_ range: ClosedRange<UInt32>) throws(ProbeError) -> UInt32 {
            guard let number = value.flatMap({ UInt32($0) }), range.contains(number) else {
                throw .badOption("'\(text)': \(name) takes a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        switch name {
        case "mss": return .maximumSegmentSize(UInt16(truncatingIfNeeded: try number(1...65535)))
        case "wscale": return .windowScale(UInt8(truncatingIfNeeded: try number(0...14)))
        case "ts": return .timestamp(value: value == nil ? 1 : try number(0...UInt32.max), echo: 0)
        case "tfo" where value != nil: return .fastOpen(cookie: try hexadecimal(value ?? "", text))
        case "sackok" where value == nil: return .sackPermitted
        case "mptcp" where value == nil: return .multipath(multipathCapable)
        case "tfo": return .fastOpen(cookie: [])
        case "nop" where value == nil: return .noOperation
        default:
            throw .badOption(
                "'\(text)' is no option: there are mss=N, wscale=N, sackok, ts[=N], mptcp, tfo[=HEX], nop, ecn, and "
                    + "KIND:HEX for any other")
        }
    }

    private static func raw(_ text: String, _ colon: String.Index) throws(ProbeError) -> TCPOption {
        guard let kind = UInt8(text[..<colon]), kind > TCPOption.noOperationKind else {
            throw .badOption("'\(text)': the kind of an option is a number from 2 to 255")
        }
        return .other(kind: kind, try hexadecimal(String(text[text.index(after: colon)...]), text))
    }

    private static func hexadecimal(_ digits: String, _ text: String) throws(ProbeError) -> [UInt8] {
        let values = digits.utf8.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard values.count.isMultiple(of: 2), values.allSatisfy({ $0 != nil }) else {
            throw .badOption("'\(text)': '\(digits)' is no even number of hexadecimal digits")
        }
        let nibbles = values.compactMap { $0 }
        return stride(from: 0, to: nibbles.count, by: 2).map { UInt8(nibbles[$0] << 4 | nibbles[$0 + 1]) }
    }

    private static func text(_ option: TCPOption) -> String {
        func hex(_ bytes: [UInt8]) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        switch option {
        case .maximumSegmentSize(let size): return "mss=\(size)"
        case .windowScale(let shift): return "wscale=\(shift)"
        case .sackPermitted: return "sackok"
        case .timestamp(1, 0): return "ts"
        case .timestamp(let value, _): return "ts=\(value)"
        case .multipath(multipathCapable): return "mptcp"
        case .multipath(let rest): return "\(TCPOption.multipathKind):" + hex(rest)
        case .fastOpen(let cookie): return cookie.isEmpty ? "tfo" : "tfo=" + hex(cookie)
        case .noOperation: return "nop"
        case .other(let kind, let rest): return "\(kind):" + hex(rest)
        }
    }
}
