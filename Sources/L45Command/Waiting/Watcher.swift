import L45Model

/// Shows resources, and then what changes of them, until it is stopped.
struct Watcher {
    let server: ServerOptions
    let output: OutputFormat
    private let console = Console.standard

    private static let period = Duration.seconds(1)

    init(server: ServerOptions, output: OutputFormat) {
        self.server = server
        self.output = output
    }

    func watch(_ request: APIRequest) async throws {
        var request = request
        var shown = ShownRows()
        var last: String?
        var reachable = false
        while true {
            do {
                let listing = try await Listing.of(server.ask(request))
                reachable = true
                switch output {
                case .table, .wide:
                    let table = listing.table(now: .now(), wide: output == .wide)
                    if let text = shown.news(table, console.palette(for: .out)) { try console.print(text) }
                case .json, .yaml, .name, .jsonpath:
                    let text = try listing.text(output, now: .now(), .plain)
                    if text != last, !text.isEmpty { try console.print(output == .yaml ? "---\n\(text)" : text) }
                    last = text
                }
                // Of a trail, what comes after.
                if case .events(var query) = request, case .events(let events) = listing, let latest = events.last {
                    query.after = latest.id
                    request = .events(query)
                }
            } catch CommandEnd.failed(let failure) where failure.status == .unreachable && (reachable || last != nil) {
                // An orchestrator that restarts comes back; who watches wants to see it.
                console.complain(failure.text(console.palette(for: .err)))
                reachable = false
                last = last ?? ""
            }
            try await Task.sleep(for: Self.period)
        }
    }
}

/// Which rows of a table were shown already. A row is news when anything but its ticking cells is new.
struct ShownRows: Sendable {
    private var rows: Set<[String]> = []
    private var begun = false

    init() {}

    /// - Returns: the rows that are news, the first time with the header; nil when there are none.
    mutating func news(_ table: Table, _ palette: Palette) -> String? {
        let identities = table.rows.map { $0.map { $0.ticking ? "" : $0.text } }
        let fresh = Set(identities.indices.filter { !rows.contains(identities[$0]) })
        rows = Set(identities)
        let header = !begun
        begun = true
        guard header || !fresh.isEmpty else { return nil }
        return table.text(palette, only: fresh, header: header)
    }
}
