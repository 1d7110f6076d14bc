import Foundation
import Glibc

/// Where an agent keeps its key and certificate: a folder of mode 0700 with files of mode 0600, each replaced as a
/// whole.
package struct IdentityStore: Sendable {
    /// The folder.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    private var keyPath: String { path + "/device.key" }
    /// Certificate and authority in one file, so that they change together.
    private var certificatePath: String { path + "/device.pem" }

    /// - Returns: nil when the device has not been enrolled.
    /// - Throws: `exposed` when others may read the key; `file`; `malformed`.
    package func load() throws(PkiError) -> DeviceIdentity? {
        guard let key = try loadKey(), let text = try read(certificatePath) else { return nil }
        let end = "-----END CERTIFICATE-----"
        let parts = text.components(separatedBy: end).map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        guard parts.count == 3, parts[2].isEmpty else {
            throw .malformed(
                what: certificatePath,
                why: "it holds \(parts.count - 1) certificates where 2 are needed; delete it and enrol again")
        }
        return try DeviceIdentity(key: key, certificatePEM: parts[0] + "\n" + end, authorityPEM: parts[1] + "\n" + end)
    }

    /// The stored key, or a new one that is stored first: so that an enrolment which was cut off can be repeated with
    /// the same key.
    package func loadOrCreateKey() throws(PkiError) -> DeviceKey {
        if let key = try loadKey() { return key }
        let key = DeviceKey()
        try replace(keyPath, with: key.pem)
        return key
    }

    /// Stores certificate and authority beside the key. All or nothing: after a crash the old ones or the new ones are
    /// there.
    package func save(_ identity: DeviceIdentity) throws(PkiError) {
        if try loadKey()?.device != identity.device { try replace(keyPath, with: identity.key.pem) }
        try replace(certificatePath, with: identity.certificatePEM + "\n" + identity.anchor.certificatePEM + "\n")
    }

    private func loadKey() throws(PkiError) -> DeviceKey? {
        guard let text = try read(keyPath) else { return nil }
        return try DeviceKey(pem: text)
    }

    /// - Returns: nil when there is no such file.
    private func read(_ file: String) throws(PkiError) -> String? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw failure(file, "open")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(file, "read its mode") }
        guard status.st_mode & 0o077 == 0 else {
            throw .exposed(path: file, mode: "0" + String(status.st_mode & 0o7777, radix: 8))
        }
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        var have = 0
        while have < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: have), $0.count - have)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw failure(file, "read") }
            if got == 0 { break }
            have += got
        }
        return String(decoding: bytes.prefix(have), as: UTF8.self)
    }

    /// Writes a file beside it, forces it to disk, and puts it in its place.
    private func replace(_ file: String, with text: String) throws(PkiError) {
        try makeFolder()
        let next = file + ".next"
        let descriptor = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure(next, "create") }
        do {
            defer { close(descriptor) }
            // A file of that name may have been left by a crash, with another mode.
            guard fchmod(descriptor, 0o600) == 0 else { throw failure(next, "set its mode") }
            let bytes = Array(text.utf8)
            var at = 0
            while at < bytes.count {
                let put = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress?.advanced(by: at), $0.count - at) }
                if put < 0, errno == EINTR { continue }
                guard put >= 0 else { throw failure(next, "write") }
                at += put
            }
            guard fsync(descriptor) == 0 else { throw failure(next, "force to disk") }
        }
        guard rename(next, file) == 0 else { throw failure(file, "replace") }
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw failure(path, "open") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw failure(path, "force to disk") }
    }

    private func makeFolder() throws(PkiError) {
        if mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else { throw failure(path, "create the folder") }
        guard chmod(path, 0o700) == 0 else { throw failure(path, "set the mode of the folder") }
    }

    private func failure(_ file: String, _ operation: String) -> PkiError {
        .file(path: file, operation: operation, reason: String(cString: strerror(errno)))
    }
}
