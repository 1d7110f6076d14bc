import Foundation
import Subprocess

/// A real repository with a work tree, in a folder of its own that goes with it. Settings of the machine count for nothing.
package final class GitRepository: Sendable {
    package let folder: String

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// With a branch `main` and no commit yet.
    package init() async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "l45-git-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await git("init", "--quiet", "--initial-branch=main")
        try await git("config", "receive.denyCurrentBranch", "ignore")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    @discardableResult
    package func git(_ arguments: String...) async throws -> String {
        try await run("git", ["-C", folder] + arguments)
    }

    /// Runs a program with the variables that git has here.
    @discardableResult
    package func run(_ program: String, _ arguments: [String]) async throws -> String {
        let variables: [Environment.Key: String] = [
            "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "HOME": folder,
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Jane Doe", "GIT_AUTHOR_EMAIL": "jane@example.org",
            "GIT_COMMITTER_NAME": "Jane Doe", "GIT_COMMITTER_EMAIL": "jane@example.org",
            "GNUPGHOME": "\(folder)/.git/gpg",
            "LC_ALL": "C",
        ]
        let result = try await Subprocess.run(
            .name(program), arguments: Arguments(arguments), environment: .custom(variables),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard result.terminationStatus.isSuccess else {
            throw Failure(description: "\(program) \(arguments): \(result.standardError)")
        }
        return result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    package func write(_ path: String, _ text: String) throws {
        let whole = "\(folder)/\(path)"
        try FileManager.default.createDirectory(
            atPath: (whole as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try text.write(toFile: whole, atomically: true, encoding: .utf8)
    }

    /// - Parameter files: written; nil: removed.
    /// - Parameter options: more of `git commit`, as `-S`.
    /// - Returns: the commit's id.
    @discardableResult
    package func commit(
        _ files: [String: String?] = [:], _ message: String = "Change intents", options: [String] = []
    ) async throws -> String {
        for (path, text) in files {
            if let text {
                try write(path, text)
            } else {
                try FileManager.default.removeItem(atPath: "\(folder)/\(path)")
            }
        }
        try await git("add", "--all")
        _ = try await run(
            "git", ["-C", folder, "commit", "--quiet", "--allow-empty", "-m", message] + options)
        return try await head
    }

    package var head: String { get async throws { try await git("rev-parse", "HEAD") } }

    // MARK: Signing

    /// A new ssh key that commits are signed with from now on, by `options: ["-S"]`.
    /// - Returns: a line for an allowed_signers file.
    package func signBySSH() async throws -> String {
        let key = "\(folder)/.git/signing"
        for old in [key, "\(key).pub"] { try? FileManager.default.removeItem(atPath: old) }
        _ = try await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "jane", "-f", key])
        try await git("config", "gpg.format", "ssh")
        try await git("config", "user.signingkey", key)
        return "jane@example.org \(try String(contentsOfFile: "\(key).pub", encoding: .utf8))"
    }

    /// A new OpenPGP key that commits are signed with from now on, by `options: ["-S"]`.
    /// - Returns: the public key, armoured.
    package func signByGPG() async throws -> String {
        try FileManager.default.createDirectory(
            atPath: "\(folder)/.git/gpg", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        _ = try await run(
            "gpg",
            [
                "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-generate-key",
                "Jane Doe <jane@example.org>", "ed25519", "sign", "never",
            ])
        try await git("config", "gpg.format", "openpgp")
        try await git("config", "user.signingkey", "jane@example.org")
        return try await run("gpg", ["--batch", "--armor", "--export", "jane@example.org"]) + "\n"
    }

    /// Ends the agent that gpg starts by itself.
    package func endGPGAgent() async throws { _ = try await run("gpgconf", ["--kill", "gpg-agent"]) }
}
