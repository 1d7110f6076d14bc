import Foundation

/// Why `l45 run` does not start a program: it would run outside the tap, or not at all.
package enum LaunchRefusal: Error, Hashable, CustomStringConvertible {
    case noCommand
    case notFound(command: String)
    case cannotRead(path: String, errno: Int32)
    case notAProgram(path: String)
    case tooManyInterpreters(path: String, max: Int)
    case staticallyLinked(path: String)
    case privileged(path: String, privilege: String)
    case otherArchitecture(path: String, library: String)
    case libraryMissing(tried: [String])
    case libraryPathUnfit(path: String)
    case tapFolderMissing(path: String)
    case tapFolderClosed(path: String, errno: Int32)
    case cannotRun(path: String, errno: Int32)

    package var description: String {
        switch self {
        case .noCommand: "no command; write it after --, as in: l45 run -- dig example.org"
        case .notFound(let command): "'\(command)' is in no folder of PATH; give its path"
        case .cannotRead(let path, let errno): "cannot read \(path): \(Self.text(errno))"
        case .notAProgram(let path): "\(path) is neither an ELF program nor a script that begins with #!"
        case .tooManyInterpreters(let path, let max):
            "\(path) leads through more than \(max) interpreters, which Linux refuses too; name the last one itself"
        case .staticallyLinked(let path):
            "\(path) is statically linked: the tap is preloaded by the dynamic loader and can not reach it; run a "
                + "dynamically linked build of it"
        case .privileged(let path, let privilege):
            "\(path) has \(privilege): the dynamic loader ignores preloaded libraries there; run a copy without it, or "
                + "run l45 as the user that it changes to"
        case .otherArchitecture(let path, let library):
            "\(path) is built for another architecture than the tap's library \(library); build the library for it and "
                + "name it in L45_TAP_LIBRARY"
        case .libraryMissing(let tried):
            "the tap's library is not at \(tried.joined(separator: ", nor at ")); build it, or name it in L45_TAP_LIBRARY"
        case .libraryPathUnfit(let path):
            "the tap's library is at \(path): LD_PRELOAD can not carry a path with a blank or a colon; move it, or name "
                + "a copy in L45_TAP_LIBRARY"
        case .tapFolderMissing(let path):
            "there is no tap at \(path): start l45 agent first, or pass --tap with the folder that it was started with"
        case .tapFolderClosed(let path, let errno):
            "the tap at \(path) is not open to this user (\(Self.text(errno))); run as the user that runs l45 agent"
        case .cannotRun(let path, let errno): "cannot run \(path): \(Self.text(errno))"
        }
    }

    private static func text(_ errno: Int32) -> String { String(cString: strerror(errno)) }
}
