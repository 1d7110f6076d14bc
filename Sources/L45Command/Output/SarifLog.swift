import IntentCompiler
import L45Model

/// Diagnostics as SARIF 2.1.0 (OASIS), which code review shows beside the lines that they are about.
struct SarifLog: Encodable {
    var version = "2.1.0"
    var schema = "https://json.schemastore.org/sarif-2.1.0.json"
    var runs: [Run]

    enum CodingKeys: String, CodingKey {
        case version
        case schema = "$schema"
        case runs
    }

    struct Run: Encodable {
        var tool: Tool
        /// We count columns in Unicode code points (3.14.17).
        var columnKind = "unicodeCodePoints"
        var results: [Result]
    }

    struct Tool: Encodable { var driver: Driver }

    struct Driver: Encodable {
        var name = "l45"
        var version = Build.version
        var rules: [Rule]
    }

    struct Rule: Encodable {
        var id: String
        var shortDescription: Message
    }

    struct Message: Encodable { var text: String }

    struct Result: Encodable {
        var ruleId: String
        var ruleIndex: Int
        /// `error` or `warning`.
        var level: String
        var message: Message
        var locations: [Location]
        var relatedLocations: [Location]?
    }

    struct Location: Encodable {
        var physicalLocation: PhysicalLocation
        var message: Message?
    }

    struct PhysicalLocation: Encodable {
        var artifactLocation: ArtifactLocation
        var region: Region
    }

    struct ArtifactLocation: Encodable {
        var uri: String
        /// Relative ones are relative to the checkout.
        var uriBaseId: String?
    }

    struct Region: Encodable {
        var startLine: Int
        var startColumn: Int
        /// The column behind the region.
        var endColumn: Int
        var snippet: Message?
    }

    init(_ diagnostics: [Diagnostic]) {
        let rules = DiagnosticRule.allCases
        let results = diagnostics.map { each in
            Result(
                ruleId: each.rule.rawValue, ruleIndex: rules.firstIndex(of: each.rule) ?? 0,
                level: each.severity.rawValue, message: Message(text: Self.sentences(each)),
                locations: [Self.location(each.place, nil)],
                relatedLocations: each.notes.isEmpty
                    ? nil : each.notes.map { Self.location($0.place, Message(text: $0.message)) })
        }
        let driver = Driver(
            rules: rules.map { Rule(id: $0.rawValue, shortDescription: Message(text: $0.summary)) })
        runs = [Run(tool: Tool(driver: driver), results: results)]
    }

    /// The message, then the way out.
    private static func sentences(_ diagnostic: Diagnostic) -> String {
        func sentence(_ text: String) -> String { text.hasSuffix("?") || text.hasSuffix(".") ? text : text + "." }
        guard let hint = diagnostic.hint else { return sentence(diagnostic.message) }
        return sentence(diagnostic.message) + " " + sentence(hint.prefix(1).uppercased() + hint.dropFirst())
    }

    private static func location(_ place: SourcePlace, _ message: Message?) -> Location {
        Location(
            physicalLocation: PhysicalLocation(
                artifactLocation: artifact(place.origin),
                region: Region(
                    startLine: place.line, startColumn: place.column, endColumn: place.column + place.length,
                    snippet: place.excerpt.map { Message(text: $0) })),
            message: message)
    }

    private static func artifact(_ path: String) -> ArtifactLocation {
        if path == "-" { return ArtifactLocation(uri: "stdin") }
        let uri = encoded(path.hasPrefix("./") ? String(path.dropFirst(2)) : path)
        return path.hasPrefix("/")
            ? ArtifactLocation(uri: "file://\(uri)") : ArtifactLocation(uri: uri, uriBaseId: "%SRCROOT%")
    }

    /// A path as the path of a URI (RFC 3986): what is neither unreserved nor a `/` is written as bytes.
    private static func encoded(_ path: String) -> String {
        path.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"), UInt8(ascii: "/"):
                return String(UnicodeScalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                return digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }.joined()
    }
}
