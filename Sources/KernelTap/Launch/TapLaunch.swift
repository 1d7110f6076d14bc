/// A program and the environment in which the tap's library is loaded into it: what `l45 run -- COMMAND` executes.
package struct TapLaunch: Hashable, Sendable {
    /// The file to execute.
    package let path: String
    /// `argv`, the command's name first.
    package let arguments: [String]
    package let environment: [String: String]

    /// The tap's library, and what it was built for.
    package struct Library: Hashable, Sendable {
        package var path: String
        package var image: ELFImage
        package init(path: String, image: ELFImage) {
            self.path = path
            self.image = image
        }
    }

    /// Decides; touches nothing.
    ///
    /// - Parameters:
    ///   - chain: the command's file first, then the interpreter of each script; a script's interpreter follows it.
    ///   - tapFolder: absolute path of the folder that an agent has made.
    package static func decide(
        command: [String], chain: [ProgramFile], library: Library, tapFolder: String, environment: [String: String]
    ) throws(LaunchRefusal) -> TapLaunch {
        guard !command.isEmpty, let program = chain.first else { throw .noCommand }
        for file in chain {
            switch file.kind {
            case .script: continue
            case .other: throw .notAProgram(path: file.path)
            case .elf(let image):
                guard image.interpreter != nil else { throw .staticallyLinked(path: file.path) }
                if let privilege = file.privilege { throw .privileged(path: file.path, privilege: privilege) }
                guard image.machine == library.image.machine, image.is64Bit == library.image.is64Bit else {
                    throw .otherArchitecture(path: file.path, library: library.path)
                }
            }
        }
        guard !library.path.contains(where: { " :\t\n".contains($0) }) else {
            throw .libraryPathUnfit(path: library.path)
        }
        var environment = environment
        var preloaded = (environment["LD_PRELOAD"] ?? "").split { $0 == ":" || $0 == " " }.map(String.init)
        if !preloaded.contains(library.path) { preloaded.append(library.path) }
        environment["LD_PRELOAD"] = preloaded.joined(separator: ":")
        environment["L45_TAP_DIR"] = tapFolder
        return TapLaunch(path: program.path, arguments: command, environment: environment)
    }

    /// Where the library is looked for, in this order. `$L45_TAP_LIBRARY`, when given, is the only place.
    ///
    /// - Parameter executable: absolute path of this binary, links resolved: `PREFIX/bin/l45` has the library in
    ///   `PREFIX/lib/l45`, one below a `.build` folder has it in `.build/tap`.
    package static func libraryPaths(executable: String, environment: [String: String]) -> [String] {
        if let given = environment["L45_TAP_LIBRARY"], !given.isEmpty { return [given] }
        let folders = executable.split(separator: "/", omittingEmptySubsequences: true).dropLast()
        var paths = ["/" + (folders.dropLast() + ["lib", "l45", "libl45tap.so"]).joined(separator: "/")]
        if let build = folders.lastIndex(of: ".build") {
            paths.append("/" + (folders[...build] + ["tap", "libl45tap.so"]).joined(separator: "/"))
        }
        return paths
    }

    /// Where a command without a slash is looked for, in this order.
    package static func programPaths(command: String, environment: [String: String]) -> [String] {
        if command.contains("/") { return [command] }
        let folders = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        return folders.split(separator: ":", omittingEmptySubsequences: false).map { folder in
            folder.isEmpty ? "./\(command)" : "\(folder)/\(command)"
        }
    }

    /// The program that `#!/usr/bin/env NAME` goes on to; nil when the line is another one or sets variables first.
    package static func programOfEnv(interpreter: String, argument: String?) -> String? {
        guard interpreter.split(separator: "/").last == "env", let argument else { return nil }
        let words = argument.split(separator: " ")
        guard let name = words.first == "-S" ? words.dropFirst().first : words.first, !name.hasPrefix("-"),
            !name.contains("=")
        else { return nil }
        return String(name)
    }
}
