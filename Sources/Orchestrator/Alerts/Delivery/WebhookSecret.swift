import Crypto
import Foundation
package import L45Model

/// The secret that a webhook's receiver shares with the orchestrator: the content of a file, without the line end behind it.
package struct WebhookSecret: Hashable, Sendable {
    package let path: String

    package static let bytes = 16...4096

    package init(path: String) { self.path = path }

    /// Read anew for each message, so that another secret counts as soon as it is in the file.
    /// - Returns: nil, and why, when the file is none of one's own, or its length is not within `bytes`.
    package func read() -> (secret: Secret?, problem: String) {
        let handle = open(path, O_RDONLY | O_CLOEXEC)
        guard handle >= 0 else { return (nil, "\(path): \(String(cString: strerror(errno)))") }
        defer { close(handle) }
        var info = stat()
        guard fstat(handle, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return (nil, "\(path) is no file") }
        guard info.st_mode & 0o077 == 0 else {
            return (nil, "\(path): others may read it (mode \(String(info.st_mode & 0o777, radix: 8))); 'chmod 600' it")
        }
        var content = [UInt8](repeating: 0, count: Self.bytes.upperBound + 2)
        let count = Foundation.read(handle, &content, content.count)
        var secret = content.prefix(max(0, count))
        while let last = secret.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { secret.removeLast() }
        guard Self.bytes.contains(secret.count) else {
            return (nil, "\(path): a secret has \(Self.bytes.lowerBound) to \(Self.bytes.upperBound) bytes")
        }
        return (Secret(Array(secret)), "")
    }

    /// `v1=` and the hex digits of HMAC-SHA256 over `TIMESTAMP.BODY`.
    package static func signature(_ body: [UInt8], timestamp: String, secret: Secret) -> String {
        var code = HMAC<SHA256>(key: SymmetricKey(data: secret.bytes))
        code.update(data: Data("\(timestamp).".utf8))
        code.update(data: body)
        return "v1=\(Hex.string(code.finalize()))"
    }
}
