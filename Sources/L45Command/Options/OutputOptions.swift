import ArgumentParser

/// How things are shown.
enum OutputFormat: Hashable, Sendable, CustomStringConvertible {
    case table, wide, json, yaml, name
    case jsonpath(JSONPath)

    static let names = ["table", "wide", "json", "yaml", "name", "jsonpath="]

    /// - Throws: `ValidationError` that says what there is, or what is wrong with the template.
    init(_ text: String) throws {
        switch text {
        case "table": self = .table
        case "wide": self = .wide
        case "json": self = .json
        case "yaml": self = .yaml
        case "name": self = .name
        case _ where text.hasPrefix("jsonpath="):
            do throws(JSONPathFault) {
                self = .jsonpath(try JSONPath(String(text.dropFirst("jsonpath=".count))))
            } catch {
                throw ValidationError("\(error)")
            }
        default:
            throw ValidationError(
                "'\(text)' is no format: there are table, wide, json, yaml, name and jsonpath=TEMPLATE.")
        }
    }

    var description: String {
        switch self {
        case .table: "table"
        case .wide: "wide"
        case .json: "json"
        case .yaml: "yaml"
        case .name: "name"
        case .jsonpath(let path): "jsonpath=\(path.template)"
        }
    }

    /// Forms for programs, in which nothing at all is something too.
    var isForPrograms: Bool {
        switch self {
        case .json, .yaml, .jsonpath: true
        case .table, .wide, .name: false
        }
    }

    /// - Parameter names: what `-o name` prints, one a line.
    /// - Returns: nil for the forms that people read.
    /// - Throws: `CommandEnd`, when a template prints too much.
    func document(_ value: some Encodable, names: @autoclosure () -> [String]) throws -> String? {
        switch self {
        case .table, .wide: return nil
        case .json: return try Listing.json(value)
        case .yaml: return try Listing.yaml(value)
        case .name: return names().joined(separator: "\n")
        case .jsonpath(let path):
            do throws(JSONPathFault) {
                let text = try path.text(of: JSONValue(document: value))
                return text.trimmingLineEnd
            } catch {
                throw CommandEnd.badInput("\(error)")
            }
        }
    }
}

struct OutputOptions: ParsableArguments {
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "How to show it: table, wide, json, yaml, name (KIND/NAME, one a line), or jsonpath=TEMPLATE, such as '{[*].name}'.",
            valueName: "format"),
        completion: .list(OutputFormat.names), transform: OutputFormat.init)
    var output = OutputFormat.table
}
