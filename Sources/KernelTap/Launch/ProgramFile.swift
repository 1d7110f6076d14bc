import Foundation

/// A file that is to be run, as far as it matters to a preloaded library.
package struct ProgramFile: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case elf(ELFImage)
        /// `#!INTERPRETER ARGUMENT`.
        case script(interpreter: String, argument: String?)
        /// Neither: `execve` would refuse it.
        case other
    }
    package var path: String
    package var kind: Kind
    /// Set-user-ID, set-group-ID or file capabilities that would take effect: the loader then ignores LD_PRELOAD.
    package var privilege: String?

    package init(path: String, kind: Kind, privilege: String? = nil) {
        self.path = path
        self.kind = kind
        self.privilege = privilege
    }

    /// The longest `#!` line that Linux reads (BINPRM_BUF_SIZE).
    private static let scriptLineBytesMax = 256

    /// Looks into the file.
    /// - Throws: `LaunchRefusal.cannotRead` with the system's reason.
    package init(inspecting path: String) throws(LaunchRefusal) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .cannotRead(path: path, errno: errno) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .cannotRead(path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .cannotRead(path: path, errno: EACCES) }
        let size = UInt64(max(0, status.st_size))
        func read(_ offset: UInt64, _ count: Int) -> [UInt8] {
            guard offset < size else { return [] }
            var bytes = [UInt8](repeating: 0, count: Int(min(UInt64(count), size - offset)))
            let got = pread(file, &bytes, bytes.count, off_t(offset))
            return Array(bytes.prefix(max(0, got)))
        }
        self.path = path
        if let image = ELFImage(reading: read) {
            kind = .elf(image)
        } else {
            kind = Self.script(read(0, Self.scriptLineBytesMax))
        }
        privilege = Self.privilege(status, file)
    }

    /// `#!` as Linux reads it: the interpreter, then the rest of the line as one argument.
    static func script(_ start: [UInt8]) -> Kind {
        guard start.starts(with: Array("#!".utf8)) else { return .other }
        let line = String(decoding: start.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }, as: UTF8.self)
        let words = line.split(maxSplits: 1, omittingEmptySubsequences: true) { $0 == " " || $0 == "\t" }
        guard let interpreter = words.first else { return .other }
        let argument = words.count > 1 ? words[1].trimmingCharacters(in: .whitespaces) : ""
        return .script(interpreter: String(interpreter), argument: argument.isEmpty ? nil : argument)
    }

    private static func privilege(_ status: stat, _ file: Int32) -> String? {
        if status.st_mode & S_ISUID != 0, status.st_uid != geteuid() { return "set-user-ID" }
        if status.st_mode & S_ISGID != 0, status.st_gid != getegid() { return "set-group-ID" }
        if geteuid() != 0, hasCapabilities(file) { return "file capabilities" }
        return nil
    }

    /// The C library has `fgetxattr`, Swift's Glibc module leaves its header out: hence the look-up by name.
    private static func hasCapabilities(_ file: Int32) -> Bool {
        typealias GetAttribute =
            @convention(c) (Int32, UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
        guard let symbol = dlsym(nil, "fgetxattr") else { return false }
        return unsafeBitCast(symbol, to: GetAttribute.self)(file, "security.capability", nil, 0) > 0
    }
}
