extension JSONPath {
    /// What the template prints of an answer. Several values of one expression are parted by spaces.
    /// - Throws: `JSONPathFault` when that is more than `outputMax`.
    func text(of root: JSONValue) throws(JSONPathFault) -> String {
        var out = ""
        try Self.print(parts, of: root, root: root, to: &out)
        return out
    }

    private static func print(
        _ parts: [Part], of item: JSONValue, root: JSONValue, to out: inout String
    ) throws(JSONPathFault) {
        for part in parts {
            guard out.utf8.count <= outputMax else {
                throw JSONPathFault("the template prints more than \(outputMax >> 20) MiB; narrow it")
            }
            switch part {
            case .text(let text): out += text
            case .path(let path):
                out += path.values(of: item, root: root).map(\.text).joined(separator: " ")
            case .range(let path, let inner):
                for value in path.values(of: item, root: root) {
                    guard case .array(let elements) = value else {
                        try print(inner, of: value, root: root, to: &out)
                        continue
                    }
                    for element in elements { try print(inner, of: element, root: root, to: &out) }
                }
            }
        }
    }
}

extension JSONPath.Path {
    func values(of item: JSONValue, root: JSONValue) -> [JSONValue] {
        let start = isFromRoot ? root : item
        var values = [start]
        for (number, step) in steps.enumerated() {
            // kubectl's lists are objects with their elements in `items`; the answer is the list itself.
            if number == 0, step == .field("items"), start == root, case .array = start { continue }
            values = values.flatMap { step.values(of: $0, root: root) }
        }
        return values
    }
}

extension JSONPath.Step {
    fileprivate func values(of value: JSONValue, root: JSONValue) -> [JSONValue] {
        switch (self, value) {
        case (.field(let name), .object(let fields)): fields[name].map { [$0] } ?? []
        case (.field, .array(let elements)): elements.flatMap { values(of: $0, root: root) }
        case (.index(let index), .array(let elements)):
            elements.indices.contains(index < 0 ? elements.count + index : index)
                ? [elements[index < 0 ? elements.count + index : index]] : []
        case (.every, .array(let elements)): elements
        case (.every, .object(let fields)): fields.sorted { $0.key < $1.key }.map(\.value)
        case (.matching(let filter), .array(let elements)): elements.filter { filter.holds(of: $0, root: root) }
        default: []
        }
    }
}

extension JSONPath.Filter {
    fileprivate func holds(of element: JSONValue, root: JSONValue) -> Bool {
        let values = path.values(of: element, root: root)
        guard let comparison else { return !values.isEmpty }
        guard let value = values.first else { return comparison == .unequal }
        switch comparison {
        case .equal: return value.text == literal
        case .unequal: return value.text != literal
        case .atMost, .atLeast, .below, .above:
            guard case .number(let text) = value, let here = Double(text), let there = Double(literal) else {
                return false
            }
            return switch comparison {
            case .atMost: here <= there
            case .atLeast: here >= there
            case .below: here < there
            default: here > there
            }
        }
    }
}
