import L45Model

/// A tag or monitor item as far as its author wrote it; `finished` fills in the defaults and checks the parts together.
struct TagDraft {
    enum PortChoice: Sendable { case any, number(UInt16) }
    enum Direction: String, Sendable, CaseIterable {
        case both
        case requests = "request"
        case responses = "response"

        var directions: ModulePlan.Directions {
            ModulePlan.Directions(request: self != .responses, response: self != .requests)
        }
    }

    var isMonitor: Bool
    /// Its intent says `after:`.
    var addsToOthers = false
    var place: SourcePlace
    var process: Placed<String>?
    var thread: Placed<String>?
    var transport: Placed<Transport>?
    var port: Placed<PortChoice>?
    var serverAddresses: [AddressBlock] = []
    var serverProcess: String?
    var serverThread: String?
    var clientAddresses: [AddressBlock] = []
    var direction: Placed<Direction>?
    var at: Placed<DatagramTag.Place>?
    var tagBytes: Placed<Int>?
    var frameBytes: Placed<Int>?
    /// nil: as it is.
    var coding: Placed<DatagramTag.Coding>?
    /// nil: with the first byte.
    var start: Placed<StreamTag.Start>?
    var label: Placed<String>?
    /// Of the whole intent, `label TEXT`: of a tag that has none itself; what a monitor adds to those it comes after.
    var commonLabel: Placed<String>?
    var attach: ModulePlan.AttachMode?
    var priority: Int?
    var dropUntagged: Placed<Bool>?
    var delay: Placed<Span>?
    var stateWindow: Span?
    var securityWindow: Span?
    var test: Bool?
    var artifact: ArtifactReference?

    static let delayRange = Span.zero...Span.seconds(10)
    static let windowRange = Span.seconds(1)...Span.seconds(30 * 86_400)
    static let priorityRange = 1...1000

    static func offset(_ text: String) throws(Complaint) -> Int {
        try Check.integer(text, "an offset in bytes", 0...DialectBounds.offsetMax)
    }
    static func tagBytes(_ text: String) throws(Complaint) -> Int {
        try Check.integer(text, "the bytes of a tag", DialectBounds.tagBytesMin...DialectBounds.tagBytesMax)
    }
    static func frameBytes(_ text: String) throws(Complaint) -> Int {
        try Check.integer(
            text, "the bytes from one tag to the next", DialectBounds.frameBytesMin...DialectBounds.frameBytesMax)
    }

    /// - Returns: nil when a part is missing or two contradict each other; `diagnostics` then says which.
    func finished(into diagnostics: inout [Diagnostic]) -> TagIntent? {
        let before = diagnostics.count
        if transport == nil {
            diagnostics.append(
                Diagnostic(at: place, "this item does not say its transport", hint: "add 'transport: udp'"))
        }
        if port == nil {
            let hint = "add 'port: N', the port that the server listens on"
            diagnostics.append(Diagnostic(at: place, "this item does not say its port", hint: hint))
        }
        guard let transport, let port else { return nil }
        let number: UInt16? =
            switch port.value {
            case .any: nil
            case .number(let number): number
            }
        if number == nil, serverProcess == nil {
            diagnostics.append(
                Diagnostic(
                    at: port.place,
                    "with any port and any server program, every \(transport.value.rawValue) socket matches",
                    hint: "give the port, or add 'server: {application: PROGRAM}'"))
        }
        let dialect = dialect(transport.value, number, &diagnostics)
        if isMonitor, commonLabel != nil, !addsToOthers, let commonLabel {
            diagnostics.append(
                Diagnostic(
                    at: commonLabel.place, "a monitor has no tag that could carry a label",
                    hint: "say whose tags are meant, by 'after: INTENT'; or use 'tag' instead of 'monitor'"))
        }
        if isMonitor, let dropUntagged, dropUntagged.value {
            diagnostics.append(
                Diagnostic(
                    at: dropUntagged.place, "a monitor tags nothing, so everything it sees would be dropped",
                    hint: "use 'tag' instead of 'monitor'"))
        }
        guard !diagnostics[before...].contains(where: { $0.severity == .error }), let dialect else { return nil }
        return TagIntent(
            application: Application(process: process?.value, thread: thread?.value), transport: transport.value,
            port: number,
            server: TagIntent.Side(
                addresses: serverAddresses, application: Application(process: serverProcess, thread: serverThread)),
            client: TagIntent.Side(addresses: clientAddresses),
            directions: (direction?.value ?? .both).directions, dialect: dialect, attach: attach ?? .all,
            priority: priority ?? TagIntent.Defaults.priority, priorityIsGiven: priority != nil,
            dropUntagged: dropUntagged?.value ?? false, delay: delay?.value ?? .zero,
            stateWindow: stateWindow ?? TagIntent.Defaults.stateWindow,
            securityWindow: securityWindow ?? TagIntent.Defaults.securityWindow, test: test ?? false,
            addedLabel: isMonitor ? commonLabel?.value ?? "" : "", artifact: artifact,
            place: place)
    }

    private func dialect(_ transport: Transport, _ port: UInt16?, _ diagnostics: inout [Diagnostic]) -> Dialect? {
        if isMonitor { return .monitor }
        let tagBytes = self.tagBytes?.value ?? TagIntent.Defaults.tagBytes
        let chosen = self.label ?? commonLabel
        let label = chosen?.value ?? ""
        let room = tagBytes - DialectBounds.tagBytesMin
        if let placed = chosen, label.utf8.count > room {
            let needed = DialectBounds.tagBytesMin + label.utf8.count
            diagnostics.append(
                Diagnostic(
                    at: placed.place,
                    "label '\(label.shortened)' needs \(label.utf8.count) bytes, a tag of \(tagBytes) leaves \(room)",
                    hint: "shorten it, or make the tag \(needed) bytes"))
        }
        switch transport {
        case .udp:
            if let frameBytes {
                diagnostics.append(
                    Diagnostic(
                        at: frameBytes.place, "'every' is for streams (tcp): each udp message gets a tag of its own",
                        hint: "say where in the message: front, end or an offset"))
            }
            if let start {
                diagnostics.append(
                    Diagnostic(
                        at: start.place, "'after handshake' is for TLS over tcp: udp messages come without one",
                        hint: "leave it out"))
            }
            warnOfOffset(port, &diagnostics)
            warnOfLongTag(tagBytes, &diagnostics)
            return .datagram(
                DatagramTag(
                    place: at?.value ?? .front, tagBytes: tagBytes, label: label, coding: coding?.value ?? .asItIs))
        case .tcp:
            if let coding {
                diagnostics.append(
                    Diagnostic(
                        at: coding.place, "'\(coding.value.word)' is for messages (udp), not for a tcp stream",
                        hint: "leave it out"))
            }
            if let at {
                diagnostics.append(
                    Diagnostic(
                        at: at.place, "'at' is for messages (udp): a tcp stream has no front and no end to count from",
                        hint: "say how many bytes from one tag to the next: 'every \(TagIntent.Defaults.frameBytes)'"))
            }
            let frameBytes = self.frameBytes?.value ?? TagIntent.Defaults.frameBytes
            if let placed = self.frameBytes, tagBytes * 2 > frameBytes {
                let share = tagBytes * 100 / frameBytes
                diagnostics.append(
                    Diagnostic(
                        .warning, at: placed.place,
                        "\(tagBytes) bytes before every \(frameBytes) make the stream \(share) % longer",
                        hint: "the default of \(TagIntent.Defaults.frameBytes) adds 3 %"))
            }
            return .stream(
                StreamTag(
                    frameBytes: frameBytes, tagBytes: tagBytes, label: label, start: start?.value ?? .firstByte))
        }
    }

    /// A query is at most 24 bytes shorter.
    private func warnOfLongTag(_ tagBytes: Int, _ diagnostics: inout [Diagnostic]) {
        guard let coding, coding.value == .shortDNS, tagBytes > 24 else { return }
        diagnostics.append(
            Diagnostic(
                .warning, at: self.tagBytes?.place ?? coding.place,
                "a compressed query is up to 24 bytes shorter, and a tag of \(tagBytes) bytes makes it longer again",
                hint: "say 'with \(DialectBounds.tagBytesMin) bytes'"))
    }

    private func warnOfOffset(_ port: UInt16?, _ diagnostics: inout [Diagnostic]) {
        guard let at, case .offset(let offset) = at.value, let usual = WireProtocol.usual(.udp, port),
            let most = usual.messageBytesMax, offset > most
        else { return }
        diagnostics.append(
            Diagnostic(
                .warning, at: at.place,
                "a \(usual.name) message rarely has more than \(most) bytes: a tag at offset \(offset) lands at its end",
                hint: "say 'at end', or an offset below \(most)"))
    }
}

extension DatagramTag.Coding {
    /// As phrases and the long form write it.
    var word: String {
        switch self {
        case .asItIs: "none"
        case .masked: "masked"
        case .shortDNS: "compressed"
        }
    }

    static let words: [(String, DatagramTag.Coding)] = [DatagramTag.Coding.masked, .shortDNS].map { ($0.word, $0) }
}
