import L45Model

/// The typed long form of an intent as YAML, every default written out: what `l45 explain` prints. It reads back as the
/// same intent.
package func explain(_ intent: Intent) -> String {
    var lines = ["apiVersion: \(Definitions.apiVersion)", "name: \(intent.name)"]
    if let after = intent.after { lines.append("after: \(after)") }
    // A side that is left out is not the same as one that selects every device: a monitor watches the named side alone.
    lines.append(intent.places.clients == nil ? "# clients: every device" : "clients: \(flow(intent.clients))")
    lines.append(intent.places.servers == nil ? "# servers: every device" : "servers: \(flow(intent.servers))")
    lines.append("intent:")
    for (index, tag) in intent.tags.enumerated() {
        lines += ["  # flow \(intent.flowName(index)): \(tag.growthInWords)"]
        lines += explain(tag)
    }
    if let added = intent.tags.map(\.addedLabel).first(where: { !$0.isEmpty }) {
        lines.append("  - label: \(quoted(added))")
    }
    for paths in intent.guards { lines += explain(paths) }
    if let rotation = intent.rotation {
        let timing =
            switch rotation.timing {
            case .every(let span): "every: \(span)"
            case .cron(let schedule): "at: \"\(schedule)\""
            }
        lines.append("  - rotate: {\(timing), jitter: \(rotation.jitter)}")
    }
    if let rollout = intent.rollout { lines += explain(rollout) }
    if let posture = intent.posture { lines += explain(posture) }
    return lines.joined(separator: "\n") + "\n"
}

private func explain(_ posture: PostureIntent) -> [String] {
    var lines = [
        "  - posture:", "      level: \(quoted(posture.level.rawValue))", "      # lowest first", "      levels:",
    ]
    for (at, level) in posture.levels.enumerated() {
        func names(_ isMeant: (PostureIntent.Use) -> Bool) -> String {
            posture.uses.filter(isMeant).map { quoted($0.pattern) }.joined(separator: ", ")
        }
        let top = posture.levels.count - 1
        let up = names { $0.span.lowerBound == at && $0.span.upperBound == top && at < top }
        let only = names { $0.span.contains(at) && ($0.span.upperBound < top || $0.span.lowerBound == top) }
        let parts = [up.isEmpty ? "" : "up: [\(up)]", only.isEmpty ? "" : "only: [\(only)]"].filter { !$0.isEmpty }
        lines.append("        \(quoted(level.rawValue)): {\(parts.joined(separator: ", "))}")
    }
    return lines
}

private func explain(_ rollout: RolloutStrategy) -> [String] {
    var lines = ["  - rollout:"]
    func add(_ text: String) { lines.append("      \(text)") }
    add("waves: [\(rollout.steps.map(\.description).joined(separator: ", "))]")
    if rollout.soak > .zero || rollout.steps.count > 1 { add("soak: \(rollout.soak)") }
    let budgets = RolloutStrategy.Budget.Kind.allCases.compactMap { kind in
        rollout.budget[kind].map { "\(kind.rawValue): \($0)" }
    }
    add(budgets.isEmpty ? "# halt: never for errors" : "halt: {\(budgets.joined(separator: ", "))}")
    add(rollout.deadline.map { "deadline: \($0)" } ?? "# deadline: none")
    add(rollout.maxUnavailable.map { "max unavailable: \($0)" } ?? "# max unavailable: all")
    return lines
}

private func explain(_ tag: TagIntent) -> [String] {
    var lines = ["  - \(tag.isMonitor ? "monitor" : "tag"):"]
    func add(_ text: String) { lines.append("      \(text)") }
    add("application: \(flow(tag.application))")
    add("transport: \(tag.transport.rawValue)")
    add("port: \(tag.port.map(String.init) ?? "any")")
    var server = tag.server.application == .any ? [] : ["application: \(flow(tag.server.application))"]
    if !tag.server.addresses.isEmpty { server.append("addresses: \(flow(tag.server.addresses))") }
    if !server.isEmpty { add("server: {\(server.joined(separator: ", "))}") }
    if !tag.client.addresses.isEmpty { add("client: {addresses: \(flow(tag.client.addresses))}") }
    add("direction: \(direction(tag.directions))")
    switch tag.dialect {
    case .monitor: break
    case .datagram(let datagram):
        let at =
            switch datagram.place {
            case .front: "front"
            case .offset(let bytes): "{offset: \(bytes)}"
            case .end: "end"
            }
        let coding = datagram.coding == .asItIs ? "" : ", coding: \(datagram.coding.word)"
        add("dialect: {at: \(at)\(coding), bytes: \(datagram.tagBytes)\(label(datagram.label))}")
    case .stream(let stream):
        let after = stream.start == .firstByte ? "" : ", after: handshake"
        add("dialect: {every: \(stream.frameBytes)\(after), bytes: \(stream.tagBytes)\(label(stream.label))}")
    }
    add("attach: \(tag.attach.rawValue)")
    // A default priority does not order intents against each other, a given one does: so it is not written as given.
    add(tag.priorityIsGiven ? "priority: \(tag.priority)" : "# priority: \(tag.priority)")
    if !tag.isMonitor { add("drop untagged: \(tag.dropUntagged)") }
    add("delay: \(tag.delay)")
    add("windows: {state: \(tag.stateWindow), security: \(tag.securityWindow)}")
    add("test: \(tag.test)")
    if let artifact = tag.artifact { add("artifact: {sha256: \(artifact.digest.hex), bytes: \(artifact.bytes)}") }
    return lines
}

private func explain(_ paths: GuardIntent) -> [String] {
    let policy = paths.policy
    let extensions = PathExtension.allCases.map { "\($0.words): \(policy.treatment($0).rawValue)" }
    let probe = paths.probe.map { "address: \(quoted($0.description)), " } ?? ""
    return [
        "  - guard:",
        paths.destinations.isEmpty ? "      # to: each device of servers" : "      to: \(flow(paths.destinations))",
        "      extensions: {\(extensions.joined(separator: ", "))}",
        "      mss bytes: \(policy.mssBytes)",
        "      every: \(policy.retestEvery)",
        "      # throughput may fall by this many percent before gates are taken back",
        "      tolerance: \(policy.tolerancePercent)",
        "      probe: {\(probe)port: \(paths.port), rate port: \(paths.ratePort)}",
    ]
}

private func flow(_ selector: LabelSelector) -> String { quoted(selector.description) }

private func flow(_ application: Application) -> String {
    var parts = ["process: \(quoted(application.process ?? "any"))"]
    if let thread = application.thread { parts.append("thread: \(quoted(thread))") }
    return "{\(parts.joined(separator: ", "))}"
}

private func flow(_ addresses: [AddressBlock]) -> String {
    "[\(addresses.map { quoted($0.description) }.joined(separator: ", "))]"
}

private func label(_ text: String) -> String { text.isEmpty ? "" : ", label: \(quoted(text))" }

private func direction(_ directions: ModulePlan.Directions) -> String {
    switch (directions.request, directions.response) {
    case (true, false): "request"
    case (false, true): "response"
    default: "both"
    }
}

/// As a YAML scalar: plain where every reader takes it for the same text, else in double quotes.
private func quoted(_ text: String) -> String {
    let first = text.unicodeScalars.first
    let startsWithLetter = first.map { $0.isASCII && $0.properties.isAlphabetic } ?? false
    let isPlain = text.unicodeScalars.allSatisfy { scalar in
        scalar.isASCII
            && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                || "-_./".unicodeScalars.contains(scalar))
    }
    let words = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
    if startsWithLetter, isPlain, !words.contains(text.lowercased()) { return text }
    var out = "\""
    for scalar in Variables.escaped(text).unicodeScalars {
        if scalar == "\"" || scalar == "\\" { out += "\\" }
        if SourceText.isForbidden(scalar) {
            // As it can only have been written.
            let code = String(scalar.value, radix: 16)
            out += "\\u" + String(repeating: "0", count: 4 - code.utf8.count) + code
        } else {
            out.unicodeScalars.append(scalar)
        }
    }
    return out + "\""
}

extension TagIntent {
    /// What the dialect costs, for `explain` and `describe`.
    package var growthInWords: String {
        switch dialect {
        case .monitor: return "counts messages, changes none"
        case .datagram(let tag):
            // 1500 bytes of Ethernet less the IP and UDP headers (20 + 8, 40 + 8).
            return "+\(tag.tagBytes) bytes a datagram; unfragmented on a 1500-byte link up to "
                + "\(1500 - 28 - tag.tagBytes) bytes over IPv4, \(1500 - 48 - tag.tagBytes) over IPv6"
        case .stream(let tag):
            let tenths = (tag.tagBytes * 1000 + tag.frameBytes / 2) / tag.frameBytes
            return "+\(tag.tagBytes) bytes every \(tag.frameBytes) of the stream, \(tenths / 10).\(tenths % 10) %"
        }
    }
}
