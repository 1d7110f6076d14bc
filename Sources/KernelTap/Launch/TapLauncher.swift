import Foundation

/// The shell of `TapLaunch`: looks the files up and executes.
package enum TapLauncher {
    /// As Linux: a script's interpreter may be a script, this often.
    private static let interpretersMax = 5

    /// Finds program and library and decides.
    ///
    /// - Parameters:
    ///   - tapFolder: the agent's tap folder.
    ///   - executable: this binary; by default the one that runs.
    package static func prepare(
        command: [String], tapFolder: String, environment: [String: String] = ProcessInfo.processInfo.environment,
        executable: String = "/proc/self/exe"
    ) throws(LaunchRefusal) -> TapLaunch {
        guard let name = command.first, !name.isEmpty else { throw .noCommand }
        let chain = try chain(from: try find(name, environment), environment)
        let library = try library(executable: executable, environment: environment)
        return try TapLaunch.decide(
            command: command, chain: chain, library: library, tapFolder: try open(tapFolder: tapFolder),
            environment: environment)
    }

    /// Becomes the program. Comes back only with an error.
    package static func execute(_ launch: TapLaunch) throws(LaunchRefusal) -> Never {
        var arguments = launch.arguments.map { strdup($0) } + [nil]
        var environment = launch.environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        execve(launch.path, &arguments, &environment)
        let reason = errno
        for string in arguments + environment { free(string) }
        throw .cannotRun(path: launch.path, errno: reason)
    }

    private static func find(_ command: String, _ environment: [String: String]) throws(LaunchRefusal) -> String {
        let paths = TapLaunch.programPaths(command: command, environment: environment)
        if let found = paths.first(where: { access($0, X_OK) == 0 && !isFolder($0) }) { return found }
        if command.contains("/") { throw .cannotRun(path: command, errno: isFolder(command) ? EISDIR : errno) }
        throw .notFound(command: command)
    }

    /// The program's file, and for a script those of its interpreters.
    private static func chain(
        from path: String, _ environment: [String: String]
    ) throws(LaunchRefusal) -> [ProgramFile] {
        var chain = [try ProgramFile(inspecting: path)]
        while case .script(let interpreter, let argument)? = chain.last?.kind {
            guard chain.count <= interpretersMax else { throw .tooManyInterpreters(path: path, max: interpretersMax) }
            let next = TapLaunch.programOfEnv(interpreter: interpreter, argument: argument)
            if let next {
                // `env` runs what the line names: that, and not `env`, is what must take the library.
                chain.append(try ProgramFile(inspecting: try find(next, environment)))
            } else {
                chain.append(try ProgramFile(inspecting: interpreter))
            }
        }
        return chain
    }

    private static func library(
        executable: String, environment: [String: String]
    ) throws(LaunchRefusal) -> TapLaunch.Library {
        let resolved = realpath(executable, nil)
        defer { free(resolved) }
        let paths = TapLaunch.libraryPaths(
            executable: resolved.map { String(cString: $0) } ?? executable, environment: environment)
        guard let path = paths.first(where: { access($0, R_OK) == 0 }) else { throw .libraryMissing(tried: paths) }
        guard case .elf(let image) = try ProgramFile(inspecting: path).kind else { throw .notAProgram(path: path) }
        // The program may change its working folder before it starts another one.
        return TapLaunch.Library(path: absolute(path), image: image)
    }

    /// - Returns: the folder's absolute path.
    private static func open(tapFolder: String) throws(LaunchRefusal) -> String {
        guard access("\(tapFolder)/rules", R_OK) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .tapFolderMissing(path: tapFolder) }
            throw .tapFolderClosed(path: tapFolder, errno: errno)
        }
        guard access("\(tapFolder)/state", R_OK | W_OK) == 0 else {
            throw .tapFolderClosed(path: tapFolder, errno: errno)
        }
        return absolute(tapFolder)
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
