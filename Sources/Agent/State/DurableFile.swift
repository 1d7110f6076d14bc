import Foundation

/// Files that are there in whole after a crash at any instant, or as they were before.
enum DurableFile {
    /// Writes aside, to the disk, and puts it in the place of the old one.
    ///
    /// - Throws: `StateError.full` or `.system`; `path` then holds what it held. (When only the folder's own fsync fails it
    ///   holds the one or the other, whole.)
    static func replace(_ path: String, with bytes: some Sequence<UInt8>) throws(StateError) {
        let aside = path + ".new"
        let bytes = Array(bytes)
        unlink(aside)
        let file = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .writing(aside, bytes: bytes.count, errno: errno) }
        do throws(StateError) {
            try write(bytes, to: file, path: aside)
            guard fsync(file) == 0 else { throw .writing(aside, bytes: bytes.count, errno: errno) }
        } catch {
            close(file)
            unlink(aside)
            throw error
        }
        guard close(file) == 0 else {
            let reason = errno
            unlink(aside)
            throw .writing(aside, bytes: bytes.count, errno: reason)
        }
        try rename(aside, to: path)
    }

    /// Overwrites the content with zeros and removes the file, to the disk. What a file system keeps of earlier content
    /// elsewhere (copy on write, a journal, flash) is beyond this.
    static func remove(_ path: String) throws(StateError) {
        let file = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return }
            throw .system(operation: "open", path: path, errno: errno)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .system(operation: "read", path: path, errno: errno) }
        try write([UInt8](repeating: 0, count: Int(status.st_size)), to: file, path: path)
        guard fsync(file) == 0 else { throw .system(operation: "write", path: path, errno: errno) }
        guard unlink(path) == 0 else { throw .system(operation: "remove", path: path, errno: errno) }
        try synchronize(folder: folder(of: path))
    }

    /// Renames within one folder, to the disk.
    static func rename(_ from: String, to path: String) throws(StateError) {
        guard Glibc.rename(from, path) == 0 else { throw .writing(path, bytes: 0, errno: errno) }
        try synchronize(folder: folder(of: path))
    }

    static func synchronize(folder path: String) throws(StateError) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .system(operation: "open", path: path, errno: errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw .system(operation: "write", path: path, errno: errno) }
    }

    /// - Returns: nil when there is no such file.
    static func read(_ path: String, bytesMax: Int) throws(StateError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .system(operation: "read", path: path, errno: errno)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .system(operation: "read", path: path, errno: errno) }
        guard status.st_size <= bytesMax else {
            throw .tooLong(path: path, bytes: Int(status.st_size), max: bytesMax)
        }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        var got = 0
        while got < bytes.count {
            let count = bytes.withUnsafeMutableBytes { raw in
                pread(file, raw.baseAddress.map { $0 + got }, raw.count - got, off_t(got))
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .system(operation: "read", path: path, errno: errno) }
            if count == 0 { break }
            got += count
        }
        return Array(bytes.prefix(got))
    }

    static func write(_ bytes: [UInt8], to file: Int32, path: String) throws(StateError) {
        var put = 0
        while put < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(file, raw.baseAddress.map { $0 + put }, raw.count - put)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .writing(path, bytes: bytes.count, errno: count == 0 ? ENOSPC : errno) }
            put += count
        }
    }

    private static func folder(of path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")
    }
}
