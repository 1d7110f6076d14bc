import Foundation
package import L45Model

/// What became of a commit, for a note or a program.
package struct SourceNews: Hashable, Codable, Sendable {
    package var source: String
    package var url: String
    package var reference: String
    package var commit: String
    package var state: SourceWord.State
    package var message: String
    /// Of a refused one: the first line of each fault, `net@3f9c2d1a8b70:dns.yaml:7:11: error: ...`.
    package var faults: [String]
    /// Intents that the source keeps.
    package var intents: Int
    package var at: APITime

    private static let faultsMax = 10

    package init(
        _ spec: SourceSpec, _ word: SourceWord, diagnostics: [String] = [], intents: Int, at: Timestamp
    ) {
        faults = diagnostics.prefix(Self.faultsMax).map { String($0.prefix { !$0.isNewline }) }
        source = spec.name
        url = spec.url
        reference = "\(spec.reference)"
        commit = word.commit
        state = word.state
        message = word.text
        self.intents = intents
        self.at = APITime(at)
    }

    /// The note: lines of `key: value`, as git's trailers are.
    package var text: String {
        var lines = [
            "l45-state: \(state.rawValue)", "l45-source: \(source)", "l45-intents: \(intents)", "l45-at: \(at)",
        ]
        if !message.isEmpty { lines.append("l45-message: \(message)") }
        lines += faults.map { "l45-fault: \($0)" }
        return lines.joined(separator: "\n")
    }
}

/// A program that is run with news as JSON on its standard input. No shell is between, and status 0 is a yes.
package struct SourceHook: Sendable {
    private let argv: [String]
    package static let secondsMax = 20

    package init(_ argv: [String]) { self.argv = argv }

    /// What is wrong before it is run; nil: nothing.
    package var problem: String? {
        guard let program = argv.first, program.hasPrefix("/") else { return "a hook is named by its full path" }
        return FileManager.default.isExecutableFile(atPath: program) ? nil : "'\(program)' is no program"
    }

    package func run(_ news: SourceNews) async throws {
        let program = GitProgram(
            environment: ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"],
            fileBytesMax: GitCache.packBytesMax)
        let input = Array(try CanonicalJSON.encode(news))
        let result = try await program.run(
            Array(argv.dropFirst()), input: input, seconds: Self.secondsMax, program: argv.first ?? "")
        guard result.status == 0 else {
            throw GitFailure(
                .status(result.status), "\(argv.first ?? "") ended with status \(result.status): \(result.said)")
        }
    }
}
