import Foundation
package import L45Model
import NIOCore
import NIOPosix
import NIOSSL

/// Why an orchestrator gave no answer.
package struct OperatorClientError: Error, Hashable, CustomStringConvertible {
    package enum Fault: Error, Hashable, Sendable {
        /// There is no socket at the path.
        case absent
        /// The socket is there and nobody serves it.
        case notServed
        /// The kernel lets this user not connect.
        case denied(uid: UInt32)
        /// The connection ended before the answer; whether the request was carried out is not known.
        case lost
        /// No answer in time; whether the request was carried out is not known.
        case late(seconds: Int)
        case answerTooLong(bytes: Int)
        /// The request was not sent.
        case refusedHere(APIFailure)
        /// The answer is none that this build can read.
        case unreadable(String)
        /// Who answers is not the orchestrator that certificate or token are for: nothing was said to it.
        case untrusted(String)
        case other(String)
    }

    /// Of the socket, or `HOST:PORT`.
    package let path: String
    package let fault: Fault

    init(_ error: any Error, _ path: String) {
        self.path = path
        fault =
            switch error {
            case let fault as Fault: fault
            case let error as IOError where error.errnoCode == ENOENT: .absent
            case let error as IOError where error.errnoCode == ECONNREFUSED: .notServed
            case let error as IOError where [EACCES, EPERM].contains(error.errnoCode): .denied(uid: geteuid())
            case let error as IOError where [ECONNRESET, EPIPE].contains(error.errnoCode): .lost
            case is ChannelError, FrameError.truncated: .lost
            case FrameError.tooLong(let bytes, _): .answerTooLong(bytes: bytes)
            case let failure as APIFailure: .refusedHere(failure)
            case let error as PkiError: .untrusted("\(error)")
            case let error as NIOConnectionError: .other(Self.reason(error))
            case let error as NIOSSLError: .other("TLS: \(error)")
            case let error as DecodingError: .unreadable(DecodingFault.text(error))
            case SocketAddressError.unixDomainSocketPathTooLong:
                .other("the path has \(path.utf8.count) bytes, the kernel takes 107")
            default: .other("\(error)")
            }
    }

    private static func reason(_ error: NIOConnectionError) -> String {
        if let failed = error.connectionErrors.first { return "\(failed.error)" }
        return "no address of '\(error.host)' is known"
    }

    package var description: String {
        switch fault {
        case .absent: "no orchestrator at '\(path)': start it with 'l45 nco', or name its socket with --server"
        case .notServed: "no orchestrator serves '\(path)' any more: start it again with 'l45 nco'"
        case .denied(let uid): "user \(uid) may not use '\(path)': run l45 as the user that runs 'l45 nco'"
        case .lost: "the orchestrator at '\(path)' went away before it answered: look at its log, then ask again"
        case .late(let seconds): "the orchestrator at '\(path)' gave no answer within \(seconds) s: look at its log"
        case .answerTooLong(let bytes):
            "the answer has \(bytes) bytes, at most \(APIVersion.frameBytesMax) are read: ask for less"
        case .refusedHere(let failure): failure.message
        case .unreadable(let text): "cannot read the answer of '\(path)': \(text): is it of another version?"
        case .untrusted(let text):
            "'\(path)' is not the orchestrator that was meant, and nothing was said to it: \(text)"
        case .other(let text): "cannot reach the orchestrator at '\(path)': \(text)"
        }
    }
}
