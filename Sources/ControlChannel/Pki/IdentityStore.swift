import Foundation
import Glibc

/// Where an agent keeps its key and certificate: a folder of mode 0700 with files of mode 0600, each replaced as a
/// whole.
///
/// `device.pem` holds key, certificate and authorities in one, so that they change together. `renewed.pem` is the same for
/// a certificate that was issued and not yet used: the old one stays until the orchestrator has taken the new one.
/// `device.key` is there while the device is being enrolled (and beside a `device.pem` without a key, of an earlier release).
package struct IdentityStore: Sendable {
    /// The folder.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    private var keyPath: String { path + "/device.key" }
    private var identityPath: String { path + "/device.pem" }
    private var renewedPath: String { path + "/renewed.pem" }
    private var dismissedPath: String { path + "/dismissed" }

    /// - Returns: nil when the device has not been enrolled.
    /// - Throws: `exposed` when others may read the key; `file`; `malformed`.
    package func load() throws(PkiError) -> DeviceIdentity? {
        guard let text = try read(identityPath) else { return nil }
        return try identity(text, identityPath)
    }

    /// One that was issued and not yet used, for the device of `identity`.
    /// - Returns: nil when there is none, or it is the one in use: a crash came between its use and its removal here.
    package func loadRenewed(for identity: DeviceIdentity) throws(PkiError) -> DeviceIdentity? {
        guard let text = try read(renewedPath), let renewed = try self.identity(text, renewedPath) else { return nil }
        return renewed.device == identity.device && renewed.serial != identity.serial ? renewed : nil
    }

    /// The stored key, or a new one that is stored first: so that an enrolment which was cut off can be repeated with
    /// the same key.
    package func loadOrCreateKey() throws(PkiError) -> DeviceKey {
        if let identity = try load() { return identity.key }
        if let key = try loadKey() { return key }
        let key = DeviceKey()
        try replace(keyPath, with: key.pem)
        return key
    }

    /// Stores the identity in use. All or nothing: after a crash the old one or the new one is there.
    package func save(_ identity: DeviceIdentity) throws(PkiError) {
        try replace(identityPath, with: text(identity))
        for file in [keyPath, renewedPath, dismissedPath] { try remove(file) }
    }

    /// Stores one beside it that nobody has seen yet.
    package func saveRenewed(_ identity: DeviceIdentity) throws(PkiError) {
        try replace(renewedPath, with: text(identity))
    }

    /// Carries out what the channel says of the identity.
    package func keep(_ step: IdentityStep) throws(PkiError) {
        switch step {
        case .renewed(let identity): try saveRenewed(identity)
        case .used(let identity): try save(identity)
        case .trusting(let identity): try replace(identityPath, with: text(identity))
        }
    }

    /// Removes all: the next key is another one, and with it the device.
    package func discard() throws(PkiError) {
        for file in [identityPath, renewedPath, keyPath, dismissedPath] { try remove(file) }
    }

    /// The orchestrator withdrew the device's access: at the next start a token is used, should one be given.
    package var isDismissed: Bool { access(dismissedPath, F_OK) == 0 }
    package func markDismissed() throws(PkiError) { try replace(dismissedPath, with: "") }

    private func text(_ identity: DeviceIdentity) -> String {
        // The one that issued comes first; who reads it takes any order.
        ([identity.key.pem, identity.certificatePEM] + identity.anchors.map(\.certificatePEM)).joined(separator: "\n")
            + "\n"
    }

    private func identity(_ text: String, _ file: String) throws(PkiError) -> DeviceIdentity? {
        guard var blocks = PemText.blocks(text) else {
            throw .malformed(what: file, why: "it is cut short or damaged; delete it and enrol again")
        }
        let key: DeviceKey
        if let first = blocks.first, first.label != "CERTIFICATE" {
            key = try DeviceKey(pem: first.text)
            blocks.removeFirst()
        } else {
            guard let beside = try loadKey() else { return nil }
            key = beside
        }
        guard (2...5).contains(blocks.count), blocks.allSatisfy({ $0.label == "CERTIFICATE" }) else {
            throw .malformed(
                what: file,
                why: "it holds \(blocks.count) whole certificates where 2 to 5 are needed; delete it and enrol again")
        }
        var anchors: [TrustAnchor] = []
        for block in blocks.dropFirst() { anchors.append(try TrustAnchor(certificatePEM: block.text)) }
        return try DeviceIdentity(key: key, certificatePEM: blocks[0].text, anchors: anchors)
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
        let next = file + ".new"
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

    private func remove(_ file: String) throws(PkiError) {
        guard unlink(file) == 0 || errno == ENOENT else { throw failure(file, "remove") }
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
