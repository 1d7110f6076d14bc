import ArgumentParser

/// `HOST:PORT`, `[2001:db8::1]:PORT`, or `HOST` alone for the standard port.
struct HostPort: ExpressibleByArgument, Hashable, Sendable, CustomStringConvertible {
    static let standardPort = 7450
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(argument: String) {
        if argument.hasPrefix("[") {
            guard let end = argument.firstIndex(of: "]") else { return nil }
            host = String(argument[argument.index(after: argument.startIndex)..<end])
            let rest = argument[argument.index(after: end)...]
            guard let port = Self.port(rest) else { return nil }
            self.port = port
        } else {
            let parts = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            host = String(parts[0])
            guard let port = Self.port(argument[parts[0].endIndex...]), !host.contains(":") else { return nil }
            self.port = port
        }
        guard !host.isEmpty else { return nil }
    }

    private static func port(_ text: Substring) -> Int? {
        guard !text.isEmpty else { return standardPort }
        guard text.hasPrefix(":"), let port = Int(text.dropFirst()), (0...65535).contains(port) else { return nil }
        return port
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    var defaultValueDescription: String { description }
}
