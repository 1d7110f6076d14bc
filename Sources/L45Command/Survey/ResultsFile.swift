import Foundation
import HiccupsGuard
import Synchronization

/// A file of results, a line of JSON each. Lines are appended whole, so that a survey which was stopped can be gone on with.
final class ResultsFile: Sendable {
    private let descriptor: CInt
    private let path: String
    private let batch = Mutex(Batch())

    private struct Batch {
        var bytes: [UInt8] = []
        var flushedAt = ContinuousClock.now
    }

    /// Bytes that are written at a time, at the latest every 200 ms.
    private static let batchBytes = 1 << 16

    /// Opens a file for a survey.
    ///
    /// - Parameters:
    ///   - resumes: goes on with a file that is there, and takes away a last line that was cut off. Else a file that is there is
    ///     refused.
    ///   - earlier: what the file holds.
    /// - Throws: `CommandEnd`.
    static func open(_ path: String, resumes: Bool, earlier: inout [SurveyRecord]) throws -> ResultsFile {
        let flags = O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC | (resumes ? 0 : O_EXCL)
        let descriptor = Foundation.open(path, flags, 0o644)
        guard descriptor >= 0 else {
            if errno == EEXIST {
                throw CommandEnd.badInput(
                    "the results file '\(path)' is there already", hint: "go on with it by --resume, or name another")
            }
            throw CommandEnd.badInput("cannot open the results file '\(path)': \(String(cString: strerror(errno)))")
        }
        let file = ResultsFile(descriptor: descriptor, path: path)
        guard resumes else { return file }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw CommandEnd.badInput("cannot read the results file '\(path)'")
        }
        let whole = data.lastIndex(of: 0x0a).map { data[...$0] } ?? Data()
        earlier = try records(whole, path)
        if whole.count < data.count, ftruncate(descriptor, off_t(whole.count)) != 0 {
            throw CommandEnd.badInput(
                "cannot take the unfinished last line off '\(path)': \(String(cString: strerror(errno)))")
        }
        return file
    }

    private init(descriptor: CInt, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    private static func records(_ data: Data, _ path: String) throws -> [SurveyRecord] {
        let decoder = JSONDecoder()
        return try data.split(separator: 0x0a).enumerated().map { number, line in
            guard let record = try? decoder.decode(SurveyRecord.self, from: line), record.isWhole,
                HostAddress(record.address) != nil, (try? ProbeTrial(parsing: record.asked)) != nil
            else {
                throw CommandEnd.badInput(
                    "\(path):\(number + 1): this is no result of a survey; the file was left as it is")
            }
            return record
        }
    }

    /// - Returns: why it could not be written.
    func write(_ line: String) -> String? {
        batch.withLock { batch in
            batch.bytes.append(contentsOf: line.utf8)
            batch.bytes.append(0x0a)
            let isDue =
                batch.bytes.count >= Self.batchBytes || ContinuousClock.now - batch.flushedAt > .milliseconds(200)
            return isDue ? flush(&batch) : nil
        }
    }

    func flush() -> String? { batch.withLock { flush(&$0) } }

    private func flush(_ batch: inout Batch) -> String? {
        var done = 0
        defer {
            batch.bytes.removeFirst(done)
            batch.flushedAt = .now
        }
        while done < batch.bytes.count {
            let count = batch.bytes.withUnsafeBytes {
                Foundation.write(descriptor, $0.baseAddress?.advanced(by: done), $0.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                return "cannot write the results file '\(path)': \(String(cString: strerror(errno)))"
            }
            done += count
        }
        return nil
    }
}
