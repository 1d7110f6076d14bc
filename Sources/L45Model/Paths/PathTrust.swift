/// What the orchestrator knows of the honesty of one path: which key the opener signs with, what the two ends' views of the same
/// SYN say, and whether somebody between them lies.
package struct PathTrust: Hashable, Codable, Sendable {
    /// A path of one device.
    package struct Place: Hashable, Codable, Sendable, Comparable {
        package var device: DeviceID
        package var path: PathName
        package init(_ device: DeviceID, _ path: PathName) {
            self.device = device
            self.path = path
        }
        package static func < (a: Place, b: Place) -> Bool { (a.device, a.path) < (b.device, b.path) }
    }

    /// One field that arrived otherwise than it was sent.
    package struct Difference: Hashable, Codable, Sendable, CustomStringConvertible {
        package var field: String
        package var sent: String
        package var arrived: String
        package init(field: String, sent: String, arrived: String) {
            self.field = field
            self.sent = sent
            self.arrived = arrived
        }
        package var description: String { "\(field) \(sent) -> \(arrived)" }
    }

    /// One SYN, by both ends' word.
    package struct Check: Hashable, Codable, Sendable {
        package var at: Timestamp
        /// Whether both ends worked by the key.
        package var isKeyed: Bool
        package var differences: [Difference]
        /// What the SYN-ACK said to the contrary of them, `HFULL intact by ISN`; empty: the two views agree.
        package var contradictions: [String]
        package init(at: Timestamp, isKeyed: Bool, differences: [Difference], contradictions: [String]) {
            self.at = at
            self.isKeyed = isKeyed
            self.differences = differences
            self.contradictions = contradictions
        }
    }

    package enum Lie: String, Hashable, Codable, Sendable, CaseIterable {
        /// Probes that were signed are answered without the key.
        case plainAnswer = "PlainAnswer"
        /// What the SYN-ACK says is not what the far end saw.
        case viewsDisagree = "ViewsDisagree"
    }

    package var place: Place
    /// Of the key that the opener has said it signs with; nil: none.
    package var epoch: UInt64?
    package var epochSince: Timestamp
    /// Why there is no key, in words.
    package var whyPlain: String
    /// The last SYN that could be compared.
    package var check: Check?
    /// SYNs compared so far.
    package var compared: Int
    /// What is wrong now; empty: nothing is known against the path.
    package var lies: Set<Lie>
    /// When `lies` last became empty, or last ceased to be.
    package var liesSince: Timestamp
    /// The last SYN of which the views disagreed.
    package var disagreed: Check?

    /// Views must agree for as long after they last did not.
    package static let healAfter = Span.seconds(2)

    package init(_ place: Place) {
        self.place = place
        epoch = nil
        epochSince = .never
        whyPlain = ""
        check = nil
        compared = 0
        lies = []
        liesSince = .never
        disagreed = nil
    }

    package var isTampered: Bool { !lies.isEmpty }

    /// The opener has confirmed that it signs with the key of `epoch`, or that it has none.
    package mutating func confirmed(_ epoch: UInt64?, whyPlain: String, now: Timestamp) -> [Event] {
        self.whyPlain = whyPlain
        guard self.epoch != epoch else { return [] }
        self.epoch = epoch
        epochSince = now
        if let epoch { return [event(.info, "path keyed", now, ["epoch": "\(epoch)"])] }
        return [event(.warning, "path no longer keyed", now, ["reason": whyPlain])]
    }

    /// The opener has said how the last look was protected.
    package mutating func reported(_ integrity: PathIntegrity?, now: Timestamp) -> [Event] {
        switch integrity?.kind {
        case .forged: return set(.plainAnswer, true, now, integrity?.reason ?? "")
        // Nothing came back: that neither convicts nor acquits.
        case .unproven, nil: return []
        case .keyed, .plain: return set(.plainAnswer, false, now, "")
        }
    }

    /// The two ends' views of one SYN have been held against each other.
    package mutating func compared(_ check: Check, alert: String?, now: Timestamp) -> [Event] {
        compared = min(compared + 1, .max - 1)
        if let alert {
            self.check = check
            disagreed = check
            return set(.viewsDisagree, true, now, alert)
        }
        if self.check.map({ $0.at <= check.at || check.at + Self.healAfter < $0.at }) ?? true { self.check = check }
        guard let last = disagreed, lies.contains(.viewsDisagree), check.at > last.at + Self.healAfter else {
            return []
        }
        return set(.viewsDisagree, false, now, "")
    }

    private mutating func set(_ lie: Lie, _ isTold: Bool, _ now: Timestamp, _ why: String) -> [Event] {
        let was = isTampered
        if isTold { lies.insert(lie) } else { lies.remove(lie) }
        guard was != isTampered else { return [] }
        liesSince = now
        guard isTampered else { return [event(.info, "path no longer tampered with", now, [:])] }
        var facts = ["cause": lie.rawValue, "reason": why]
        let values = Self.words(disagreed?.differences ?? check?.differences ?? [])
        if !values.isEmpty { facts["values"] = values }
        return [event(.alert, "path tampered with", now, facts)]
    }

    private func event(
        _ severity: Event.Severity, _ message: String, _ now: Timestamp, _ facts: [String: String]
    ) -> Event {
        Event(
            at: now, severity: severity, subject: "path/\(place.device)/\(place.path)", message: message, facts: facts)
    }

    /// `TCP flags c2 -> 2, option MSS 1460 -> 536`.
    package static func words(_ differences: [Difference]) -> String {
        differences.map(\.description).joined(separator: ", ")
    }

    /// As a condition of the path, `Tampered`.
    ///
    /// - Parameter integrity: what the opener said last.
    package func condition(_ integrity: PathIntegrity?) -> Condition {
        guard isTampered else {
            let status: Condition.Status
            let (reason, message): (String, String)
            switch integrity?.kind {
            case .keyed:
                (status, reason) = (.no, "Keyed")
                message = "the far end answers with the key of epoch \(integrity?.epoch ?? 0)"
            case .unproven:
                (status, reason, message) = (.unknown, "Unproven", integrity?.reason ?? "")
            case .plain, .forged, nil:
                let agrees = check?.contradictions.isEmpty ?? false
                (status, reason) = agrees ? (.no, "ViewsAgree") : (.unknown, "Plain")
                message =
                    agrees
                    ? "what came back in the path is what the far end saw"
                    : "without a key, and without the far end's view, a box that knows the protocol may lie unseen"
            }
            return Condition(type: "Tampered", status: status, reason: reason, message: message, since: liesSince)
        }
        var said: [String] = []
        if lies.contains(.plainAnswer) {
            said.append(integrity?.reason ?? "signed probes are answered without the key")
        }
        if lies.contains(.viewsDisagree), let disagreed {
            said.append("in the path: \(disagreed.contradictions.joined(separator: ", "))")
        }
        let values = Self.words(disagreed?.differences ?? check?.differences ?? [])
        if !values.isEmpty { said.append("the far end saw \(values)") }
        return Condition(
            type: "Tampered", status: .yes,
            reason: (lies.contains(.plainAnswer) ? Lie.plainAnswer : .viewsDisagree).rawValue,
            message: said.joined(separator: "; "), since: liesSince)
    }
}
