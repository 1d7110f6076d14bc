import Foundation

/// The TCP ports that somebody on this host listens on, in the network namespace of this process.
package enum ListeningPorts {
    package static func current() -> Set<UInt16> {
        ["tcp", "tcp6"].reduce(into: []) { found, name in
            let text = (try? String(contentsOfFile: "/proc/self/net/\(name)", encoding: .utf8)) ?? ""
            found.formUnion(parse(text))
        }
    }

    /// Lines of `/proc/net/tcp`: number, local address:port in hexadecimal, remote, state; 0A is LISTEN.
    package static func parse(_ text: String) -> Set<UInt16> {
        var found: Set<UInt16> = []
        for line in text.split(separator: "\n").dropFirst() {
            let fields = line.split(separator: " ", maxSplits: 4)
            guard fields.count > 3, fields[3] == "0A", let port = fields[1].split(separator: ":").last,
                let number = UInt16(port, radix: 16)
            else { continue }
            found.insert(number)
        }
        return found
    }
}
