import Foundation

/// The command's output: written at once and whole, so that a pipe sees each line when it is said.
package struct Console: Sendable {
    package enum Stream: Sendable { case out, err }

    private let out: CInt
    private let err: CInt
    private let environment: [String: String]

    package static let standard = Console(
        out: STDOUT_FILENO, err: STDERR_FILENO, environment: ProcessInfo.processInfo.environment)

    package init(out: CInt, err: CInt, environment: [String: String]) {
        self.out = out
        self.err = err
        self.environment = environment
    }

    /// Writes text and a line end to standard output.
    /// - Throws: `CommandEnd.readerGone` on EPIPE (SIGPIPE must be ignored), or a failure that names what the system said.
    package func print(_ text: String) throws {
        guard let code = write(text + "\n", to: out) else { return }
        if code == EPIPE { throw CommandEnd.readerGone }
        throw CommandEnd.badInput("cannot write the output: \(String(cString: strerror(code)))")
    }

    /// Writes text and a line end to standard error; there is nobody to tell when that fails.
    package func complain(_ text: String) { _ = write(text + "\n", to: err) }

    /// Writes over the line that the cursor stands on. Only for `isTerminal(.err)`.
    func progress(_ text: String) { _ = write("\r\u{1B}[K\(text)", to: err) }

    func isTerminal(_ stream: Stream) -> Bool {
        isatty(stream == .out ? out : err) == 1 && environment["TERM"] != "dumb"
    }

    /// The width of a terminal in characters; 80 when it does not say.
    func columns(_ stream: Stream) -> Int {
        var size = winsize()
        guard ioctl(stream == .out ? out : err, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Colours on terminals alone, and not with NO_COLOR (no-color.org).
    func palette(for stream: Stream) -> Palette {
        Palette(enabled: isTerminal(stream) && (environment["NO_COLOR"] ?? "").isEmpty)
    }

    /// - Returns: nil when all of it is written, else errno.
    private func write(_ text: String, to descriptor: CInt) -> CInt? {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN {
                    var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&wanted, 1, -1)
                    continue
                }
                return errno
            }
            rest = rest.dropFirst(count)
        }
        return nil
    }
}
