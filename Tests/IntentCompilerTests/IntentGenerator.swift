/// Makes intents of every kind, phrases and long form mixed: the same seed, the same text.
struct IntentGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func number(_ range: ClosedRange<Int>) -> Int { range.lowerBound + Int(next() % UInt64(range.count)) }
    mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }
    mutating func one<Value>(of all: [Value]) -> Value { all[number(0...(all.count - 1))] }
    private mutating func maybe(_ percent: Int, _ text: String) -> String { chance(percent) ? text : "" }

    /// A document.
    mutating func intent(_ number: Int = 0) -> String {
        let name = "name: \(one(of: ["dns", "a", "x-1", "0", "true"]))-\(number)\n"
        let version = maybe(20, "apiVersion: l45/v1\n")
        switch self.number(1...10) {
        case 1: return version + name + "intent:\n" + posture()
        case 2, 3: return version + name + sides() + "intent:\n" + guards()
        default: return version + name + sides() + "intent:\n" + flows()
        }
    }

    // MARK: selectors

    private mutating func sides() -> String {
        maybe(80, "clients: \(selector())\n") + maybe(80, "servers: \(selector())\n")
    }

    private mutating func selector() -> String {
        switch number(1...4) {
        case 1: return "\"*\""
        case 2: return "{\(key()): \(one(of: ["a", "[a, b-2]", "\"*\"", "no", "7"]))}"
        default:
            return "\"" + (0..<number(1...3)).map { _ in requirement() }.joined(separator: ",") + "\""
        }
    }

    private mutating func key() -> String { one(of: ["role", "site", "x.y/z", "on", "1"]) }

    private mutating func requirement() -> String {
        let key = key()
        return one(of: [
            "\(key)=a", "\(key)=a|b", "\(key)!=c", "\(key)!=c|d|e", key, "!\(key)", "\(key)=*", "\(key)==a",
        ])
    }

    // MARK: flows

    private mutating func flows() -> String {
        var items = (0..<number(1...3)).map { _ in flow() }
        let tags = items.contains { $0.contains("tag") && !$0.contains("monitor") }
        if tags, chance(50) { items.append(rotation()) }
        if tags, chance(40) { items.append(rollout()) }
        if tags, chance(30) { items.append(one(of: ["drop untagged", "drop unless tagged", "{drop untagged: true}"])) }
        if chance(30) { items.append(one(of: ["delay \(span(10))", "{delay: \(span(10))}"])) }
        return items.map { "  - \($0)\n" }.joined()
    }

    /// Up to so many seconds.
    private mutating func span(_ most: Int) -> String {
        one(of: ["\(number(1...most))s", "\(number(1...(most * 1000)))ms", "0s"])
    }

    private mutating func program() -> String {
        one(of: ["dig", "curl", "any", "\"isc-net-*\"", "a.out", "yes", "42"])
    }

    /// In double quotes of YAML; at most 20 bytes.
    private mutating func label() -> String {
        let parts = ["app", " ", "é", "\\\"", "\\\\", "#", ": ", "$$(", "'", "{", "😀", "-", "%", "|", "*"]
        return "\"" + (0..<number(1...4)).map { _ in one(of: parts) }.joined() + "\""
    }

    private mutating func flow() -> String {
        if chance(50) { return longFlow() }
        let isMonitor = chance(25)
        let isStream = chance(40)
        let wire =
            isStream
            ? one(of: ["HTTP", "DNS over TCP", "TCP on port \(number(1...65535))", "TLS"])
            : one(of: ["DNS", "NTP", "UDP on port \(number(1...65535))", "dns over udp"])
        var clauses = [one(of: ["", "", "requests", "responses"])]
        if !isMonitor {
            clauses.append(maybe(40, "with \(number(40...64)) bytes"))
            clauses.append(
                isStream
                    ? maybe(50, "every \(number(16...1_048_576)) bytes")
                    : one(of: ["", "at front", "at end", "at offset \(number(0...40))"]))
            if isStream { clauses.append(maybe(20, "after handshake")) }
            clauses.append(maybe(30, "label \(one(of: ["app", "dns-app", "x"]))"))
        }
        let verb = isMonitor ? "monitor" : "tag"
        let program = one(of: ["dig", "curl", "any", "isc-net-*", "a.out"])
        return ([verb, program, wire] + clauses.filter { !$0.isEmpty }).joined(separator: " ")
    }

    private mutating func longFlow() -> String {
        let isMonitor = chance(25)
        let isStream = chance(40)
        var keys = ["transport: \(isStream ? "tcp" : "udp")"]
        let isAny = chance(15)
        keys.append("port: \(isAny ? "any" : "\(number(1...65535))")")
        keys.append(
            one(of: ["application: \(program())", "application: {process: \(program()), thread: \(program())}"]))
        let blocks = one(of: ["10.0.0.0/8", "[192.0.2.1, \"2001:db8::/32\"]", "[\"::1\"]", "0.0.0.0/0"])
        if isAny {
            keys.append("server: {application: named}")
        } else {
            keys.append(maybe(30, "server: {addresses: \(blocks), application: {process: \(program())}}"))
        }
        keys.append(maybe(20, "client: {addresses: \(blocks)}"))
        keys.append(maybe(40, "direction: \(one(of: ["both", "request", "response"]))"))
        keys.append(maybe(30, "attach: \(one(of: ["all", "new"]))"))
        keys.append(maybe(30, "priority: \(number(1...1000))"))
        keys.append(maybe(30, "delay: \(span(10))"))
        keys.append(maybe(30, "windows: {state: \(number(1...90))s, security: \(number(1...90))m}"))
        keys.append(maybe(20, "test: \(chance(50))"))
        keys.append(maybe(20, "artifact: {sha256: \(String(repeating: "0a", count: 32)), bytes: \(number(1...9999))}"))
        if !isMonitor {
            keys.append(maybe(30, "drop untagged: \(chance(50))"))
            let place =
                isStream
                ? "every: \(number(16...9000))" : "at: \(one(of: ["front", "end", "{offset: \(number(0...40))}"]))"
            keys.append(maybe(70, "dialect: {\(place), bytes: \(number(40...64)), label: \(label())}"))
        }
        return "\(isMonitor ? "monitor" : "tag"): {\(keys.filter { !$0.isEmpty }.joined(separator: ", "))}"
    }

    // MARK: rollouts

    private mutating func rotation() -> String {
        let times = ["0 3 * * *", "*/15 * * * mon-fri", "5 4 1,15 jan *", "0 0 29 feb *"]
        return one(of: [
            "rotate dialect every \(number(1...48))h", "rotate dialect every \(number(2...600))m with jitter 30s",
            "{rotate: {every: \(number(1...300))d, jitter: \(number(1...600))m}}",
            "rotate dialect at '\(one(of: times))'", "{rotate: {at: \"\(one(of: times))\", jitter: 1m}}",
        ])
    }

    private mutating func rollout() -> String {
        let waves = one(of: [
            "1, 10%, rest", "\(number(1...50)), \(number(60...90))", "site=lab, 5%, 50%", "rest", "100%",
        ])
        if chance(50) {
            let soak = waves == "rest" ? "" : maybe(50, "; soak \(number(1...90))m")
            let rest = maybe(40, "; halt at \(number(1...99)) undecoded, 5 dropped") + maybe(40, "; deadline 9h")
            return "\"roll out in waves \(waves)\(soak)\(rest)\(maybe(40, "; max \(number(1...100))% unavailable"))\""
        }
        let keys = [
            "waves: [\(waves)]", maybe(50, "soak: \(number(0...90))s"),
            maybe(50, "halt: {plain: \(number(1...1_000_000))}"), maybe(40, "deadline: \(number(1...300))d"),
            maybe(40, "max unavailable: \(one(of: ["3", "10%"]))"),
        ]
        return "rollout: {\(keys.filter { !$0.isEmpty }.joined(separator: ", "))}"
    }

    // MARK: guards and postures

    private mutating func guards() -> String {
        let policy = one(of: ["auto", "allow", "deny"])
        if chance(50) {
            let clauses = [
                maybe(50, "to \(one(of: ["10.2.0.0/24", "10.2.0.0/24,10.3.0.0/16", "2001:db8::/64"]))"),
                maybe(50, "ecn \(one(of: ["auto", "allow", "deny", "proven"]))"), maybe(30, "window scaling \(policy)"),
                maybe(30, "mptcp \(policy)"), maybe(40, "every \(number(1...600))s"),
                maybe(30, "on port \(number(1...65535))"),
            ]
            return "  - \"guard paths \(clauses.filter { !$0.isEmpty }.joined(separator: ", "))\"\n"
        }
        let port = number(1...60000)
        let keys = [
            maybe(50, "to: [10.2.0.0/24, \"2001:db8::/64\"]"),
            maybe(60, "extensions: {ecn: proven, timestamps: \(policy), tfo: \(policy)}"),
            maybe(40, "mss bytes: \(number(88...9000))"), "every: \(number(1...60))m",
            maybe(40, "tolerance: \(number(1...90))"),
            maybe(40, "probe: {\(maybe(50, "address: 10.2.0.9, "))port: \(port), rate port: \(port + number(1...9))}"),
        ]
        return "  - guard: {\(keys.filter { !$0.isEmpty }.joined(separator: ", "))}\n"
    }

    private mutating func posture() -> String {
        let names = ["dns", "web-*", "x-1", "*"]
        if chance(50) {
            let level = number(1...5)
            return "  - threat level CPCON\(number(1...5))\n  - use \(one(of: names)) from CPCON\(level)\n"
                + maybe(50, "  - use other, b-* at cpcon\(number(1...5))\n")
        }
        return """
              - posture:
                  level: \(one(of: ["calm", "on", "storm"]))
                  levels:
                    calm: {\(maybe(50, "up: [\(quoted(one(of: names)))]"))}
                    "on": {only: [a, b-*]}
                    storm: {up: [\(quoted(one(of: names)))], only: drill}

            """
    }

    private func quoted(_ text: String) -> String { "\"\(text)\"" }
}
