/// A template over JSON, the part of kubectl's that people use: text with `{...}` in it.
///
/// `{.a.b}`, `{[0].a}`, `{[-1].a}`, `{[*].a}`, `{['a']}`, `{.a\.b}`, `{[?(@.link=="away")].name}` with `== != < <= > >=`,
/// `{range [*]}...{end}`, `{"\n"}`, `{$.a}` and `{@}`. A field that is asked of a list is asked of each of its elements, and
/// `.items` of the answer itself is the answer, so that templates written for kubectl's lists work. Without braces, all of
/// it is one expression. What is not there prints nothing.
struct JSONPath: Hashable, Sendable {
    enum Step: Hashable, Sendable {
        case field(String)
        case index(Int)
        case every
        case matching(Filter)
    }

    struct Path: Hashable, Sendable {
        /// `$`: from the answer, also within a range.
        var isFromRoot: Bool
        var steps: [Step]
    }

    struct Filter: Hashable, Sendable {
        enum Comparison: String, Hashable, Sendable, CaseIterable {
            case equal = "=="
            case unequal = "!="
            case atMost = "<="
            case atLeast = ">="
            case below = "<"
            case above = ">"
        }
        var path: Path
        /// nil: whether it is there.
        var comparison: Comparison?
        var literal: String
    }

    indirect enum Part: Hashable, Sendable {
        case text(String)
        case path(Path)
        case range(Path, [Part])
    }

    let template: String
    let parts: [Part]

    static let charactersMax = 4096
    static let depthMax = 8
    /// Of what a template prints, in UTF-8 bytes.
    static let outputMax = 16 << 20

    /// - Throws: `JSONPathFault`, which says where.
    init(_ template: String) throws(JSONPathFault) {
        guard template.count <= Self.charactersMax else {
            throw JSONPathFault("a template has up to \(Self.charactersMax) characters, this one \(template.count)")
        }
        guard !template.isEmpty else { throw JSONPathFault("the template is empty; try '{[*].name}'") }
        self.template = template
        var reader = JSONPathReader(template.contains("{") ? template : "{\(template)}")
        parts = try reader.parts(depth: 0)
    }
}

/// What is wrong with a template, or with what it prints.
struct JSONPathFault: Error, Hashable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
