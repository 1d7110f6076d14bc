import Foundation

/// Holds a value against a JSON Schema, as far as the schema of intents goes; a keyword that it does not know is a fault
/// of its own, so that nothing passes unlooked at.
struct SchemaChecker {
    struct Unknown: Error, CustomStringConvertible {
        var description: String
    }

    let root: [String: Any]

    init(_ text: String) throws {
        guard let root = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw Unknown(description: "the schema is no object")
        }
        self.root = root
    }

    func allows(_ value: Any) throws -> Bool { try allows(value, root) }

    private func allows(_ value: Any, _ schema: [String: Any]) throws -> Bool {
        var fits = true
        for (key, rule) in schema { fits = try holds(key, rule, value, schema) && fits }
        return fits
    }

    private func holds(_ key: String, _ rule: Any, _ value: Any, _ schema: [String: Any]) throws -> Bool {
        switch key {
        case "$schema", "$id", "title", "description", "examples", "definitions", "then", "else": return true
        case "$ref":
            let name = try given(rule, String.self).replacing("#/definitions/", with: "")
            return try allows(value, given(given(root["definitions"], [String: Any].self)[name], [String: Any].self))
        case "if":
            let branch = try allows(value, given(rule, [String: Any].self)) ? "then" : "else"
            return try allows(value, given(schema[branch], [String: Any].self))
        case "anyOf": return try matches(rule, value) > 0
        case "oneOf": return try matches(rule, value) == 1
        case "allOf": return try matches(rule, value) == given(rule, [Any].self).count
        case "enum": return try given(rule, [String].self).contains { $0 == value as? String }
        case "type":
            let types = try rule as? [String] ?? [given(rule, String.self)]
            return types.contains { isOf(type: $0, value) }
        case "pattern":
            guard let text = value as? String else { return true }
            return try text.firstMatch(of: Regex(given(rule, String.self))) != nil
        case "minimum": return try (value as? Int).map { try $0 >= given(rule, Int.self) } ?? true
        case "maximum": return try (value as? Int).map { try $0 <= given(rule, Int.self) } ?? true
        case "items":
            return try (value as? [Any])?.allSatisfy { try allows($0, given(rule, [String: Any].self)) } ?? true
        case "minItems": return try (value as? [Any]).map { try $0.count >= given(rule, Int.self) } ?? true
        case "maxItems": return try (value as? [Any]).map { try $0.count <= given(rule, Int.self) } ?? true
        case "minProperties": return try pairs(value).map { try $0.count >= given(rule, Int.self) } ?? true
        case "maxProperties": return try pairs(value).map { try $0.count <= given(rule, Int.self) } ?? true
        case "required":
            return try pairs(value).map { pairs in try given(rule, [String].self).allSatisfy { pairs[$0] != nil } }
                ?? true
        case "propertyNames":
            return try pairs(value)?.keys.allSatisfy { try allows($0, given(rule, [String: Any].self)) } ?? true
        case "properties":
            let known = try given(rule, [String: Any].self)
            return try pairs(value)?.allSatisfy { name, inner in
                try known[name].map { try allows(inner, given($0, [String: Any].self)) } ?? true
            } ?? true
        case "additionalProperties":
            let known = schema["properties"] as? [String: Any] ?? [:]
            let others = pairs(value)?.filter { known[$0.key] == nil } ?? [:]
            guard let inner = rule as? [String: Any] else { return others.isEmpty }
            return try others.allSatisfy { try allows($0.value, inner) }
        default: throw Unknown(description: "no such keyword: \(key)")
        }
    }

    private func matches(_ rule: Any, _ value: Any) throws -> Int {
        try given(rule, [[String: Any]].self).count { try allows(value, $0) }
    }

    private func pairs(_ value: Any) -> [String: Any]? {
        guard let pairs = value as? [AnyHashable: Any] else { return nil }
        return Dictionary(pairs.map { ("\($0.key)", $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    private func isOf(type: String, _ value: Any) -> Bool {
        switch type {
        case "object": value is [AnyHashable: Any]
        case "array": value is [Any]
        case "string": value is String
        case "boolean": value is Bool
        case "integer": value is Int
        case "number": value is Int || value is Double
        case "null": value is NSNull
        default: false
        }
    }

    private func given<Value>(_ value: Any?, _ type: Value.Type) throws -> Value {
        guard let value = value as? Value else {
            throw Unknown(description: "'\(String(describing: value))' is no \(type)")
        }
        return value
    }
}
