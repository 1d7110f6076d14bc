/// Where a git repository is: a path of this machine, `ssh://`, `HOST:PATH`, or `https://`.
///
/// Everything else is refused, `ext::` and plain HTTP among it: the one runs programs, the other lets anybody on the path write
/// intents.
package struct SourceAddress: Hashable, Sendable {
    package enum Way: String, Hashable, Sendable { case file, ssh, https }

    package let text: String
    package let way: Way
    /// Of a repository on this machine: its path.
    package let path: String?
    /// What is the same for all ways of writing the same repository: `github.com/acme/net`, `/srv/git/net`.
    package let place: String

    package static let bytesMax = 2000

    /// - Throws: `badInput`, in words that do not repeat the URL where it may hold a password.
    package init(_ text: String) throws(APIFailure) {
        guard !text.isEmpty, text.utf8.count <= Self.bytesMax else {
            throw APIFailure(.badInput, "a repository's URL has 1 to \(Self.bytesMax) bytes")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }), !text.hasPrefix("-") else {
            throw APIFailure(.badInput, "a repository's URL has no white space and does not begin with '-'")
        }
        self.text = text
        if text.hasPrefix("/") {
            (way, path, place) = (.file, text, Self.trimmed(text))
        } else if let rest = Self.rest(text, "file://"), rest.hasPrefix("/") {
            (way, path, place) = (.file, rest, Self.trimmed(rest))
        } else if let rest = Self.rest(text, "ssh://") {
            (way, path, place) = (.ssh, nil, try Self.place(rest, userIsSecret: false))
        } else if let rest = Self.rest(text, "https://") {
            (way, path, place) = (.https, nil, try Self.place(rest, userIsSecret: true))
        } else if !text.contains("://"), !text.contains("::"), let colon = text.firstIndex(of: ":") {
            let host = text[..<colon]
            let inside = text[text.index(after: colon)...]
            guard !host.isEmpty, !host.contains("/"), !inside.isEmpty else { throw Self.unknown }
            (way, path, place) = (.ssh, nil, try Self.place("\(host)/\(inside)", userIsSecret: false))
        } else {
            throw Self.unknown
        }
    }

    private static var unknown: APIFailure {
        APIFailure(
            .badInput, "a repository is named by a full path, ssh://HOST/PATH, HOST:PATH or https://HOST/PATH",
            hint: "plain http:// and git:// are not followed: whoever is on the path could change intents")
    }

    private static func rest(_ text: String, _ scheme: String) -> String? {
        text.lowercased().hasPrefix(scheme) ? String(text.dropFirst(scheme.count)) : nil
    }

    /// Without user, port and `.git`, the host in lower case.
    private static func place(_ rest: String, userIsSecret: Bool) throws(APIFailure) -> String {
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var host = String(parts[0])
        if let at = host.lastIndex(of: "@") {
            guard !host[..<at].contains(":"), !userIsSecret else {
                throw APIFailure(
                    .badInput, "a repository's URL holds no password: it is shown to whoever looks",
                    hint: "put it into a file on the orchestrator and name that with --credentials")
            }
            host = String(host[host.index(after: at)...])
        }
        // An option of ssh in a host's place.
        guard !host.isEmpty, !host.hasPrefix("-"), parts.count == 2, !parts[1].isEmpty else { throw unknown }
        if let colon = host.lastIndex(of: ":"), host[host.index(after: colon)...].allSatisfy(\.isNumber) {
            host = String(host[..<colon])
        }
        return trimmed("\(host.lowercased())/\(parts[1].drop { $0 == "/" })")
    }

    private static func trimmed(_ text: String) -> String {
        var text = text
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        return text.hasSuffix(".git") ? String(text.dropLast(4)) : text
    }
}
