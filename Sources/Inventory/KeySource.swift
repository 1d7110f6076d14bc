import Foundation
package import L45Model

/// Where the key is kept that opens the CIB: apart from it, so that the database alone, or a backup of it, opens nothing.
package enum KeySource: Hashable, Sendable, CustomStringConvertible {
    /// 32 bytes, or 64 hex digits, in a file that its owner alone may read.
    case file(String)
    /// The same, in `$CREDENTIALS_DIRECTORY/NAME`: systemd's `LoadCredential=` and `LoadCredentialEncrypted=` (systemd.exec(5)).
    case credential(String)
    /// The same, printed by a program, such as one that asks a TPM or a key server. No shell.
    case command([String])

    /// `file:PATH`, `credential:NAME`, `command:PROGRAM ARGUMENT...`.
    /// - Returns: nil when it is none of these.
    package init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let rest = String(text[text.index(after: colon)...])
        guard !rest.isEmpty else { return nil }
        switch text[..<colon] {
        case "file": self = .file(rest)
        case "credential":
            guard !rest.contains("/"), rest != ".", rest != ".." else { return nil }
            self = .credential(rest)
        case "command":
            let words = rest.split(separator: " ").map(String.init)
            guard words.first?.hasPrefix("/") == true else { return nil }
            self = .command(words)
        default: return nil
        }
    }

    /// Without a command's arguments.
    package var description: String {
        switch self {
        case .file(let path): path
        case .credential(let name): "credential '\(name)'"
        case .command(let words): "command '\(words.first ?? "")'"
        }
    }

    static let keyBytes = 32
    /// A program may take so long.
    static let commandSecondsMax = 30

    /// - Throws: `keyUnusable`; nothing of what was read is in it.
    package func read(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(InventoryError) -> SecretBytes {
        switch self {
        case .file(let path): return try Self.key(in: path)
        case .credential(let name):
            guard let folder = environment["CREDENTIALS_DIRECTORY"], folder.hasPrefix("/") else {
                throw .keyUnusable(
                    path: description,
                    reason: "there is no $CREDENTIALS_DIRECTORY; give the unit LoadCredential=\(name):PATH")
            }
            return try Self.key(in: "\(folder)/\(name)")
        case .command(let words): return try Self.key(printedBy: words, description)
        }
    }

    private static func key(in path: String) throws(InventoryError) -> SecretBytes {
        // A symbolic link is followed for credentials and keys that a mount brings; what counts is the file's own mode.
        let handle = open(path, O_RDONLY | O_CLOEXEC)
        guard handle >= 0 else {
            throw .keyUnusable(
                path: path, reason: "can not be read: \(String(cString: strerror(errno)))")
        }
        defer { close(handle) }
        var info = stat()
        guard fstat(handle, &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            throw .keyUnusable(path: path, reason: "is no file")
        }
        guard info.st_mode & 0o077 == 0 else {
            let mode = String(info.st_mode & 0o7777, radix: 8)
            throw .keyUnusable(
                path: path, reason: "others may read it (mode \(mode)); 'chmod 600' it once you know that nobody has")
        }
        return try key(from: handle, path)
    }

    private static func key(from handle: Int32, _ name: String) throws(InventoryError) -> SecretBytes {
        var bytes = [UInt8](repeating: 0, count: 256)
        defer { SecretBytes.wipe(&bytes) }
        var have = 0
        while have < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Foundation.read(handle, $0.baseAddress?.advanced(by: have), $0.count - have)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            have += got
        }
        return try key(bytes[..<have], name)
    }

    private static func key(_ bytes: ArraySlice<UInt8>, _ name: String) throws(InventoryError) -> SecretBytes {
        guard let key = parse(bytes) else {
            throw .keyUnusable(
                path: name, reason: "a key has 32 bytes, not \(bytes.count), or 64 hex digits; restore it from a backup"
            )
        }
        return key
    }

    static func parse(_ bytes: ArraySlice<UInt8>) -> SecretBytes? {
        if bytes.count == keyBytes { return SecretBytes(bytes) }
        var text = bytes
        while let last = text.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { text.removeLast() }
        if text.count == keyBytes { return SecretBytes(text) }
        guard text.count == 2 * keyBytes, var key = Hex.bytes(String(decoding: text, as: UTF8.self)) else { return nil }
        defer { SecretBytes.wipe(&key) }
        return SecretBytes(key)
    }

    private static func key(printedBy words: [String], _ name: String) throws(InventoryError) -> SecretBytes {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw .keyUnusable(path: name, reason: "no pipe: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let process = Process()
        process.executableURL = URL(filePath: words[0])
        process.arguments = Array(words.dropFirst())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(fileDescriptor: ends[1], closeOnDealloc: false)
        let started = (try? process.run()) != nil
        close(ends[1])
        defer { close(ends[0]) }
        guard started else {
            throw .keyUnusable(path: name, reason: "can not be run; name a program by its whole path")
        }
        var bytes = [UInt8](repeating: 0, count: 256)
        defer { SecretBytes.wipe(&bytes) }
        let have = gather(from: ends[0], into: &bytes, until: ContinuousClock.now + .seconds(commandSecondsMax))
        // Who is still there has closed its output, or is late.
        if have == nil { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        guard process.terminationReason == .exit, process.terminationStatus == 0, let have else {
            throw .keyUnusable(
                path: name,
                reason: have == nil
                    ? "took longer than \(commandSecondsMax) s"
                    : "ended with status \(process.terminationStatus)")
        }
        return try key(bytes[..<have], name)
    }

    /// - Returns: how many bytes came before the end; nil: it did not come in time.
    private static func gather(
        from handle: Int32, into bytes: inout [UInt8], until deadline: ContinuousClock.Instant
    ) -> Int? {
        var have = 0
        while have < bytes.count {
            var wanted = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return nil }
            guard poll(&wanted, 1, Int32(clamping: left.components.seconds * 1000 + 1)) > 0 else { continue }
            let got = bytes.withUnsafeMutableBytes {
                Foundation.read(handle, $0.baseAddress?.advanced(by: have), $0.count - have)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return have }
            have += got
        }
        return have
    }
}
