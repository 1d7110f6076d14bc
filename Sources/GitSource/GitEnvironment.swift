import Foundation
import L45Model

/// The variables that git runs with: all of them. Settings of the machine and of users count for nothing here.
enum GitEnvironment {
    /// - Parameter home: a folder of the cache's own, where there are no settings.
    static func variables(
        _ spec: SourceSpec, address: SourceAddress, home: String, keys: String,
        inherited: [String: String] = ProcessInfo.processInfo.environment
    ) -> [String: String] {
        var variables = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": home,
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "\(home)/config", "GIT_TERMINAL_PROMPT": "0",
            // Over what any configuration says: ext:: would run a program that a URL names.
            "GIT_ALLOW_PROTOCOL": "file:ssh:https", "GIT_ATTR_NOSYSTEM": "1", "GIT_LITERAL_PATHSPECS": "1",
            "GIT_NO_REPLACE_OBJECTS": "1", "GIT_SSH_VARIANT": "ssh", "GIT_SSH_COMMAND": ssh(spec.access),
            "GNUPGHOME": keys, "GIT_AUTHOR_NAME": "l45", "GIT_AUTHOR_EMAIL": "l45@localhost",
            "GIT_COMMITTER_NAME": "l45", "GIT_COMMITTER_EMAIL": "l45@localhost",
        ]
        // The orchestrator's user may keep its keys in an agent.
        if let agent = inherited["SSH_AUTH_SOCK"] { variables["SSH_AUTH_SOCK"] = agent }
        for name in ["https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "GIT_SSL_CAINFO"] {
            variables[name] = inherited[name]
        }
        return variables
    }

    /// The settings of the cache, as the content of the file that `GIT_CONFIG_GLOBAL` names.
    static func settings(_ spec: SourceSpec, address: SourceAddress, keys: String) -> String {
        var lines = [
            "[core]", "\thooksPath = /dev/null", "\taskPass = ", "[gc]", "\tauto = 0", "[maintenance]",
            "\tauto = false",
            "[fetch]", "\tunpackLimit = 1", "\trecurseSubmodules = false", "\twriteCommitGraph = false",
            "[http]", "\tlowSpeedLimit = 500", "\tlowSpeedTime = 20", "[advice]", "\tdetachedHead = false",
            "[gpg \"ssh\"]",
            "\tallowedSignersFile = \(quoted(spec.signature?.kind == .ssh ? "\(keys)/allowed_signers" : "/dev/null"))",
        ]
        // Whoever may add sources named this folder: it may belong to another user, as a forge's repositories do.
        if let path = address.path {
            for place in [path, "\(path)/.git", "\(path).git"] {
                lines += ["[safe]", "\tdirectory = \(quoted(place))"]
            }
        }
        if let credentials = spec.access.credentials {
            lines += ["[credential]", "\thelper = \(quoted("store --file=\(shell(credentials))"))"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func ssh(_ access: SourceAccess) -> String {
        var words = ["ssh", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "StrictHostKeyChecking=yes"]
        if let key = access.sshKey { words += ["-i", shell(key), "-o", "IdentitiesOnly=yes"] }
        if let hosts = access.knownHosts { words += ["-o", shell("UserKnownHostsFile=\"\(hosts)\"")] }
        return words.joined(separator: " ")
    }

    /// For the shell that git starts ssh and helpers with.
    private static func shell(_ text: String) -> String {
        "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }

    /// For a file of git's settings.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
    }
}
