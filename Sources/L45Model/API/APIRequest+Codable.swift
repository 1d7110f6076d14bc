package import Foundation

extension APIRequest: Codable {
    /// Verbs on the wire. Never renamed within a version.
    private enum Verb: String, Codable {
        case apply, plan, delete, get, events, rollout, version
        case createToken = "create-token"
        case setLabels = "set-labels"
        case forgetDevice = "forget-device"
        case readmitDevice = "readmit-device"
        case setLevel = "set-level"
        case alerts
        case handleAlerts = "handle-alerts"
        case trace, history, declare, inventory
        case addOperator = "add-operator"
        case operators
        case removeOperator = "remove-operator"
        case audit
        case verifyAudit = "verify-audit"
        case evictDevice = "evict-device"
        case authority
        case source, sources
    }

    private enum Key: String, CodingKey { case api, verb, body }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let api = try container.decode(String.self, forKey: .api)
        guard api == APIVersion.current else {
            throw APIFailure(
                .unsupportedVersion, "the request speaks '\(api)', this orchestrator speaks '\(APIVersion.current)'",
                hint: "use the l45 command of the orchestrator's own build")
        }
        let text = try container.decode(String.self, forKey: .verb)
        guard let verb = Verb(rawValue: text) else {
            throw APIFailure(
                .unknownVerb, "this orchestrator has no verb '\(text)'",
                hint: "the client is newer: upgrade the orchestrator, or use the l45 command of its build")
        }
        func body<Body: Decodable>() throws -> Body { try container.decode(Body.self, forKey: .body) }
        switch verb {
        case .apply: self = .apply(try body())
        case .plan: self = .plan(try body())
        case .delete: self = .delete(try body())
        case .get: self = .get(try body())
        case .events: self = .events(try body())
        case .rollout: self = .rollout(try body())
        case .createToken: self = .createToken(try body())
        case .setLabels: self = .setLabels(try body())
        case .forgetDevice: self = .forgetDevice(try body())
        case .readmitDevice: self = .readmitDevice(try body())
        case .setLevel: self = .setLevel(try body())
        case .alerts: self = .alerts(try body())
        case .handleAlerts: self = .handleAlerts(try body())
        case .trace: self = .trace(try body())
        case .declare: self = .declare(try body())
        case .inventory: self = .inventory
        case .history: self = .history(try body())
        case .addOperator: self = .addOperator(try body())
        case .operators: self = .operators
        case .removeOperator: self = .removeOperator(try body())
        case .audit: self = .audit(try body())
        case .verifyAudit: self = .verifyAudit(try body())
        case .evictDevice: self = .evictDevice(try body())
        case .authority: self = .authority(try body())
        case .source: self = .source(try body())
        case .sources: self = .sources(try body())
        case .version: self = .version
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(APIVersion.current, forKey: .api)
        func put(_ verb: Verb, _ body: some Encodable) throws {
            try container.encode(verb, forKey: .verb)
            try container.encode(body, forKey: .body)
        }
        switch self {
        case .apply(let body): try put(.apply, body)
        case .plan(let body): try put(.plan, body)
        case .delete(let body): try put(.delete, body)
        case .get(let body): try put(.get, body)
        case .events(let body): try put(.events, body)
        case .rollout(let body): try put(.rollout, body)
        case .createToken(let body): try put(.createToken, body)
        case .setLabels(let body): try put(.setLabels, body)
        case .forgetDevice(let body): try put(.forgetDevice, body)
        case .readmitDevice(let body): try put(.readmitDevice, body)
        case .setLevel(let body): try put(.setLevel, body)
        case .alerts(let body): try put(.alerts, body)
        case .handleAlerts(let body): try put(.handleAlerts, body)
        case .trace(let body): try put(.trace, body)
        case .declare(let body): try put(.declare, body)
        case .inventory: try container.encode(Verb.inventory, forKey: .verb)
        case .history(let body): try put(.history, body)
        case .addOperator(let body): try put(.addOperator, body)
        case .operators: try container.encode(Verb.operators, forKey: .verb)
        case .removeOperator(let body): try put(.removeOperator, body)
        case .audit(let body): try put(.audit, body)
        case .verifyAudit(let body): try put(.verifyAudit, body)
        case .evictDevice(let body): try put(.evictDevice, body)
        case .authority(let body): try put(.authority, body)
        case .source(let body): try put(.source, body)
        case .sources(let body): try put(.sources, body)
        case .version: try container.encode(Verb.version, forKey: .verb)
        }
    }

    /// Reads a request from a frame.
    /// - Throws: `unsupportedVersion`, `unknownVerb`, or `malformed` with the place in the JSON.
    package static func decode(_ bytes: some DataProtocol) throws(APIFailure) -> APIRequest {
        do {
            return try CanonicalJSON.decode(APIRequest.self, from: bytes)
        } catch let failure as APIFailure {
            throw failure
        } catch {
            throw APIFailure(.malformed, "the request cannot be read: \(DecodingFault.text(error))")
        }
    }
}

/// What is wrong with some JSON, in words.
package enum DecodingFault {
    package static func text(_ error: any Error) -> String {
        guard let fault = error as? DecodingError else { return "\(error)" }
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
            return path.isEmpty ? "at the top" : "at \(path.joined(separator: "."))"
        }
        switch fault {
        case .keyNotFound(let key, let context): return "'\(key.stringValue)' is missing \(place(context))"
        case .typeMismatch(let type, let context): return "\(place(context)) stands no \(type)"
        case .valueNotFound(let type, let context): return "\(place(context)) stands null, not a \(type)"
        case .dataCorrupted(let context): return "\(context.debugDescription) \(place(context))"
        @unknown default: return "\(fault)"
        }
    }
}
