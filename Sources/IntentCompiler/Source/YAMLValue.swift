/// A YAML tree in which each value knows where it stands in its file.
indirect enum YAMLValue {
    case scalar(YAMLScalar)
    case sequence([YAMLValue], SourcePlace)
    case mapping([YAMLPair], SourcePlace)

    var place: SourcePlace {
        switch self {
        case .scalar(let scalar): scalar.place
        case .sequence(_, let place), .mapping(_, let place): place
        }
    }

    /// For messages: `a list`, `a mapping`, `the text 'x'`.
    var kind: String {
        switch self {
        case .scalar(let scalar) where scalar.isEmpty: "nothing"
        case .scalar(let scalar): "'\(scalar.text.shortened)'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

struct YAMLPair {
    var key: YAMLScalar
    var value: YAMLValue
}

struct YAMLScalar {
    enum Style { case plain, quoted, block }
    var text: String
    var style: Style
    /// Underlines the scalar as written when it stands on one line, else only its beginning.
    var place: SourcePlace

    /// `key:` with nothing after it.
    var isEmpty: Bool { text.isEmpty && style == .plain }
}

extension String {
    /// For messages: not longer than a line of a terminal, and on one line.
    var shortened: String {
        let flat = String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\n" ? " " : $0 }))
        return flat.unicodeScalars.count <= 60 ? flat : String(flat.unicodeScalars.prefix(57)) + "…"
    }
}
