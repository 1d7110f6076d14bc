import Foundation
import Subprocess

/// Runs git, and what git needs: no shell reads an argument, nothing is inherited, nobody is asked anything, and each run is
/// bounded in time, in output and in the size of the files that it writes.
struct GitProgram: Sendable {
    /// Beside PATH and the locale.
    let environment: [String: String]
    /// The largest file that a run may write: a pack.
    let fileBytesMax: Int

    struct Result: Sendable {
        var status: Int
        var output: [UInt8]
        /// What it complained, in one line.
        var said: String
        var text: String { String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    private static let saidBytesMax = 256 << 10

    /// - Parameter outputBytesMax: what it writes beyond this ends it.
    /// - Throws: `GitFailure` when it can not be run, takes too long or says too much; any status is a result.
    func run(
        _ arguments: [String], input: [UInt8] = [], seconds: Int, outputBytesMax: Int = 1 << 20, program: String = "git"
    ) async throws(GitFailure) -> Result {
        let what = "\(program) \(arguments.first { !$0.hasPrefix("-") } ?? "")"
        do {
            return try await withThrowingTaskGroup(of: Result?.self) { group in
                group.addTask { try await start(arguments, input, outputBytesMax, program) }
                group.addTask {
                    try await Task.sleep(for: .seconds(seconds))
                    return nil
                }
                // What is left ends with the group: a task that is cancelled ends its program, and all that this started.
                defer { group.cancelAll() }
                guard let result = try await group.next() ?? nil else {
                    throw GitFailure(.tooSlow, "'\(what)' was not done in \(seconds) s")
                }
                // What a shell says of a program that it does not find, or may not run (POSIX, 2.8.2).
                guard ![126, 127].contains(result.status) else {
                    throw GitFailure(.missing, "'\(program)' can not be run here: \(result.said)")
                }
                return result
            }
        } catch let failure as GitFailure {
            throw failure
        } catch let error as SubprocessError {
            switch error.code {
            case .outputLimitExceeded:
                throw GitFailure(.tooLarge, "'\(what)' has more to say than the \(outputBytesMax) bytes that are taken")
            case .executableNotFound: throw GitFailure(.missing, "there is no '\(program)' on this machine")
            default: throw GitFailure(.missing, "'\(what)' can not be run: \(error)")
            }
        } catch {
            throw GitFailure(.missing, "'\(what)' did not run to its end: \(error)")
        }
    }

    private func start(
        _ arguments: [String], _ input: [UInt8], _ outputBytesMax: Int, _ program: String
    ) async throws -> Result {
        var options = PlatformOptions()
        // A group of its own, so that git's own children (ssh, git-remote-https) end with it.
        options.processGroupID = 0
        options.teardownSequence = [
            .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(200))
        ]
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
        // The shell sets the bound and is replaced by the program; it reads no argument. 512 bytes a block (POSIX ulimit -f).
        let bounded = ["-c", "ulimit -f \"$1\" && shift && exec \"$@\"", "sh", "\(fileBytesMax / 512)", program]
        let result = try await Subprocess.run(
            .name("sh"), arguments: Arguments(bounded + arguments), environment: .custom(variables),
            platformOptions: options, input: .array(input), output: .bytes(limit: outputBytesMax),
            error: .bytes(limit: Self.saidBytesMax))
        let status: Int
        switch result.terminationStatus {
        case .exited(let code): status = Int(code)
        case .signaled(let signal): status = -Int(signal)
        }
        return Result(
            status: status, output: result.standardOutput,
            said: Self.line(String(decoding: result.standardError, as: UTF8.self)))
    }

    /// What is wrong, on one line and bounded: without what git says each time.
    static func line(_ text: String) -> String {
        let idle = [
            "hint:", "warning:", "Please make sure", "and the repository exists", "From ", "remote: Enumerating",
        ]
        let telling = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { line in !line.isEmpty && !idle.contains { line.hasPrefix($0) } }
        let whole = telling.suffix(4).joined(separator: "; ")
        return whole.count > 400 ? whole.prefix(400) + "..." : whole
    }
}
