import Foundation
import L45Model

/// A fleet made of intents' own selectors: the least that they could be put in force on.
///
/// For each selector there is one device that has what it asks for and nothing else. So what two intents are found to
/// fight about on it, they fight about on any fleet that has such a device; what depends on which labels stand together on
/// a device is only found on the real one.
struct ModelFleet {
    private(set) var devices: [Device] = []
    /// Selectors that no device can meet, with the requirements that exclude each other.
    private(set) var impossible: [LabelSelector: LabelSelector] = [:]

    init(_ intents: [Intent]) {
        let all = intents.filter { $0.posture == nil }
        for selector in Self.inOrder(all.flatMap { [$0.clients, $0.servers] }) {
            guard let labels = labels(selector) else { continue }
            append(labels, selector.requirements.isEmpty ? "any device" : "a device with \(selector)")
        }
        // A guard leads from one device to another, also where one selector means both.
        let guarding = all.filter { !$0.guards.isEmpty && $0.clients == $0.servers }
        for selector in Self.inOrder(guarding.map(\.servers)) {
            if let labels = labels(selector) { append(labels, "another device with \(selector)") }
        }
        for block in Set(intents.flatMap(\.guards).flatMap { guarded in guarded.destinations }).sorted(by: {
            $0.description < $1.description
        }) {
            append(["l45-model": "host"], "a host within \(block)", address: AddressBlock(host: block))
        }
    }

    /// Each once, in an order that does not depend on that of the intents.
    private static func inOrder(_ selectors: [LabelSelector]) -> [LabelSelector] {
        Set(selectors).sorted { $0.description < $1.description }
    }

    /// What is not in use elsewhere: RFC 2544's addresses for benchmarks, 198.18.0.0/15.
    private mutating func append(_ labels: [String: String], _ title: String, address: AddressBlock? = nil) {
        let number = devices.count
        let own = AddressBlock("198.\(18 + number / 65_536 % 2).\(number / 256 % 256).\(number % 256)")
        devices.append(
            Device(
                id: DeviceID(String(Digest(of: Data("\(number) \(title)".utf8)).hex.prefix(32))),
                facts: DeviceFacts(
                    name: title, labels: labels, addresses: [address ?? own].compactMap { $0 }, taps: [.preload])))
    }

    /// - Returns: nil when no labels meet all requirements; they are then in `impossible`.
    private mutating func labels(_ selector: LabelSelector) -> [String: String]? {
        var found: [String: String] = [:]
        for (label, all) in Dictionary(grouping: selector.requirements, by: \.label) {
            var values: [String?] = [nil, "some-other-value"]
            for case .isOne(let some) in all.map(\.rule) { values = some + values }
            let fits = values.first { value in
                let labels = value.map { [label: $0] } ?? [:]
                return all.allSatisfy { $0.matches(labels) }
            }
            guard let fits else {
                impossible[selector] = LabelSelector(all)
                return nil
            }
            found[label] = fits
        }
        return found
    }
}

extension AddressBlock {
    /// The first host of a block.
    fileprivate init?(host block: AddressBlock) {
        guard block.prefixBits < 128 else {
            self = block
            return
        }
        var bytes = block.bytes
        bytes[15] |= 1
        let text =
            block.isIPv4
            ? bytes.suffix(4).map(String.init).joined(separator: ".")
            : stride(from: 0, to: 16, by: 2).map { String(Int(bytes[$0]) << 8 | Int(bytes[$0 + 1]), radix: 16) }
                .joined(separator: ":")
        self.init(text)
    }
}
