import Foundation

/// Why the agent's state folder did not take or give what was asked. What it held before, it still holds.
package enum StateError: Error, Hashable, CustomStringConvertible {
    case busy(folder: String)
    /// No room; the file of before is intact.
    case full(path: String, bytes: Int, errno: Int32)
    case newer(path: String, format: String)
    case tooLong(path: String, bytes: Int, max: Int)
    case system(operation: String, path: String, errno: Int32)

    package var description: String {
        switch self {
        case .busy(let folder):
            "the state folder \(folder) belongs to another agent that runs now; stop it, or give this one its own with "
                + "--state"
        case .full(let path, let bytes, let errno):
            "no room for \(bytes) bytes at \(path) (\(Self.text(errno))); free some space on that file system"
        case .newer(let path, let format):
            "\(path) was written by a newer l45 (format \(format)); run that one, or move the file away to start empty"
        case .tooLong(let path, let bytes, let max):
            "\(path) has \(bytes) bytes, more than the \(max) that it may have; move it away to start empty"
        case .system(let operation, let path, let errno):
            "cannot \(operation) \(path): \(Self.text(errno))"
        }
    }

    static func writing(_ path: String, bytes: Int, errno: Int32) -> StateError {
        switch errno {
        case ENOSPC, EDQUOT, EFBIG: .full(path: path, bytes: bytes, errno: errno)
        default: .system(operation: "write", path: path, errno: errno)
        }
    }

    private static func text(_ errno: Int32) -> String { String(cString: strerror(errno)) }
}
