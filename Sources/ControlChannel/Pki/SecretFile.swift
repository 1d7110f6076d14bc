import Foundation

/// Files that hold a secret and that their owner alone may read.
package enum SecretFile {
    /// - Parameter bytesMax: a file that has more is not what it should be.
    /// - Throws: `exposed` when group or others may read it, `file`.
    package static func read(_ path: String, bytesMax: Int) throws(PkiError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, "open") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path, "read its mode") }
        // A pipe of the shell (`<(command)`) has an owner too; what others may read is refused alike.
        guard status.st_mode & 0o077 == 0 else {
            throw .exposed(path: path, mode: "0" + String(status.st_mode & 0o7777, radix: 8))
        }
        var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
        var have = 0
        while have < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Foundation.read(descriptor, buffer.baseAddress?.advanced(by: have), buffer.count - have)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure(path, "read") }
            if got == 0 { break }
            have += got
        }
        guard have <= bytesMax else {
            throw .file(path: path, operation: "use it", reason: "it has more than \(bytesMax) bytes")
        }
        return String(decoding: bytes.prefix(have), as: UTF8.self)
    }

    /// Makes a file of mode 0600 that was not there.
    /// - Throws: `file`, also when there is one of that name.
    package static func create(_ path: String, _ text: String) throws(PkiError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(path, "create") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0 else {
            let error = failure(path, "write")
            unlink(path)
            throw error
        }
    }

    private static func failure(_ path: String, _ operation: String) -> PkiError {
        .file(path: path, operation: operation, reason: String(cString: strerror(errno)))
    }
}
