import ArgumentParser
import Foundation

/// The verbs, their options and what is said of them, as ArgumentParser describes them to programs: the one definition that
/// help, completions and manual come from.
struct ToolDescription: Decodable, Sendable {
    struct Command: Decodable, Sendable {
        var commandName: String
        var superCommands: [String]?
        var abstract: String?
        var discussion: String?
        var shouldDisplay: Bool?
        var subcommands: [Command]?
        var arguments: [Argument]?

        /// `l45 rollout status`.
        var title: String { ((superCommands ?? []) + [commandName]).joined(separator: " ") }
        /// Those that are for people.
        var verbs: [Command] { (subcommands ?? []).filter { ($0.shouldDisplay ?? true) && $0.commandName != "help" } }
        var options: [Argument] { (arguments ?? []).filter { $0.shouldDisplay } }
    }

    struct Argument: Decodable, Sendable {
        enum Kind: String, Decodable { case positional, option, flag }
        struct Name: Decodable, Sendable {
            var kind: String
            var name: String
        }
        var kind: Kind
        var shouldDisplay: Bool
        var isOptional: Bool
        var isRepeating: Bool
        var names: [Name]?
        var valueName: String?
        var defaultValue: String?
        var allValues: [String]?
        var abstract: String?
        var sectionTitle: String?
    }

    var command: Command

    /// - Throws: when ArgumentParser describes itself in another way than this build knows.
    static func own() throws -> ToolDescription {
        try JSONDecoder().decode(ToolDescription.self, from: Data(L45._dumpHelp().utf8))
    }
}
