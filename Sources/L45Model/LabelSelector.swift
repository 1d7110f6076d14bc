/// Which devices: every requirement must hold. Without any, every device is meant.
package struct LabelSelector: Hashable, Codable, Sendable, CustomStringConvertible {
    package struct Requirement: Hashable, Codable, Sendable {
        package enum Rule: Hashable, Codable, Sendable {
            /// The device has the label, with one of these values.
            case isOne(of: [String])
            /// The device lacks the label, or has another value (as selectors of Kubernetes do).
            case isNone(of: [String])
            case present
            case absent
        }
        package var label: String
        package var rule: Rule
        package init(label: String, rule: Rule) {
            self.label = label
            self.rule = rule
        }

        package func matches(_ labels: [String: String]) -> Bool {
            switch rule {
            case .isOne(let values): labels[label].map(values.contains) ?? false
            case .isNone(let values): !(labels[label].map(values.contains) ?? false)
            case .present: labels[label] != nil
            case .absent: labels[label] == nil
            }
        }
    }

    package var requirements: [Requirement]

    package init(_ requirements: [Requirement] = []) { self.requirements = requirements }

    package static let everyDevice = LabelSelector()

    package func matches(_ labels: [String: String]) -> Bool { requirements.allSatisfy { $0.matches(labels) } }

    /// The string form, which reads back as the same selector; `*` for every device.
    package var description: String {
        if requirements.isEmpty { return "*" }
        return requirements.map { requirement in
            switch requirement.rule {
            case .isOne(let values): "\(requirement.label)=\(values.joined(separator: "|"))"
            case .isNone(let values): "\(requirement.label)!=\(values.joined(separator: "|"))"
            case .present: requirement.label
            case .absent: "!\(requirement.label)"
            }
        }.joined(separator: ",")
    }
}
