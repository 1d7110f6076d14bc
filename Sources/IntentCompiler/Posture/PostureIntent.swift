package import L45Model

/// What a posture's document says: its levels, and which intents are in force at which of them.
package struct PostureIntent: Hashable, Sendable {
    /// From the lowest to the highest; 2 to 16.
    package var levels: [PostureLevel]
    /// The level that is in force until a command names another.
    package var level: PostureLevel
    package var uses: [Use]
    package var place: SourcePlace
    package var levelPlace: SourcePlace

    package struct Use: Hashable, Sendable {
        /// An intent's name, or the beginning of names and `*`.
        package var pattern: String
        /// Indices in `levels`.
        package var span: ClosedRange<Int>
        package var place: SourcePlace

        /// The beginning of the names that are meant; nil: the pattern is one name in full.
        var prefix: String? { pattern.hasSuffix("*") ? String(pattern.dropLast()) : nil }
    }
}

/// One item of a posture's document, whichever way it was written.
enum PosturePart {
    case level(Placed<PostureLevel>)
    case levels([Placed<PostureLevel>], SourcePlace)
    /// `to`: nil: up to the highest.
    case use([Placed<String>], from: Placed<PostureLevel>, to: Placed<PostureLevel>?)
    /// The long form says it all at once.
    case whole([PosturePart], SourcePlace)

    static let levelsMax = 16
    static let usesMax = 1000

    var place: SourcePlace {
        switch self {
        case .level(let level): level.place
        case .levels(_, let place), .whole(_, let place): place
        case .use(let patterns, let from, _): patterns.first?.place ?? from.place
        }
    }

    static func level(_ text: String) throws(Complaint) -> PostureLevel {
        let isName =
            (1...31).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { scalar in
                scalar.isASCII
                    && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil || scalar == "-"
                        || scalar == "_")
            }
        guard isName else {
            throw Complaint(
                "a level's name is 1 to 31 of letters, digits, '-' and '_', not '\(text.shortened)'", "such as CPCON3")
        }
        return PostureLevel(text)
    }

    static func pattern(_ text: String) throws(Complaint) -> String {
        guard text.hasSuffix("*") else { return try Check.intentName(text).rawValue }
        let stem = String(text.dropLast())
        if !stem.isEmpty { _ = try Check.intentName(stem) }
        return text
    }
}
