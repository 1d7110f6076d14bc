/// The keys of one mapping of the language: what the decoder takes, the schema describes and the reference lists.
package struct MappingDefinition: Sendable {
    /// Its name in the schema.
    package let name: String
    /// For messages: `'tag'`.
    package let title: String
    /// One sentence.
    package let about: String
    package let fields: [FieldDefinition]
    /// Of these keys exactly one is given.
    package var oneOf: [String] = []
    /// Exactly one key is given at all.
    package var isChoice = false
    /// What its examples stand in.
    package let setting: ExampleSetting

    package var keys: [String] { fields.map(\.key) }

    package subscript(key: String) -> FieldDefinition? { fields.first { $0.key == key } }

    /// A whole document that shows the field.
    package func example(of field: FieldDefinition) -> String {
        let setting = field.setting ?? setting
        var pairs = setting.base.filter { $0.key != field.key }
        if let at = setting.base.firstIndex(where: { $0.key == field.key }) {
            pairs.insert((field.key, field.example), at: at)
        } else {
            pairs.append((field.key, field.example))
        }
        return setting.document(pairs)
    }

    /// The same with something else in place of the field's value.
    package func document(with value: String, at field: FieldDefinition) -> String {
        var other = field
        other.example = value
        return example(of: other)
    }
}

/// One key.
package struct FieldDefinition: Sendable {
    package let key: String
    package let shape: Shape
    package var isRequired = false
    /// What is taken when it is left out, as it would be written or in words; nil: nothing.
    package var standard: String?
    /// A sentence or two.
    package let about: String
    /// The value, in YAML on one line.
    package var example: String
    /// nil: the mapping's own.
    package var setting: ExampleSetting?

    init(
        _ key: String, _ shape: Shape, required: Bool = false, standard: String? = nil, _ about: String,
        example: String, setting: ExampleSetting? = nil
    ) {
        self.key = key
        self.shape = shape
        isRequired = required
        self.standard = standard
        self.about = about
        self.example = example
        self.setting = setting
    }
}

/// The document that an example stands in.
package struct ExampleSetting: Sendable {
    /// `@` stands for the keys of the mapping.
    package let frame: String
    /// Between two of them: a comma, or a line end where they stand in a block.
    package let separator: String
    /// What the mapping needs besides.
    package let base: [(key: String, value: String)]

    init(_ frame: String, separator: String = ", ", _ base: [(key: String, value: String)] = []) {
        self.frame = frame
        self.separator = separator
        self.base = base
    }

    package func document(_ pairs: [(key: String, value: String)]) -> String {
        let inner = pairs.map { "\($0.key): \($0.value)" }.joined(separator: separator)
        var parts = frame.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        parts.insert(inner, at: 1)
        return parts.joined()
    }
}
