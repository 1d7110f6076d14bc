/// What a piece of text means, for its colour.
enum Tone: Hashable, Sendable { case plain, good, warning, bad, faint, heading }

/// Colours text for a terminal, or leaves it as it is.
struct Palette: Hashable, Sendable {
    let enabled: Bool
    static let plain = Palette(enabled: false)

    func paint(_ text: String, _ tone: Tone) -> String {
        let code =
            switch tone {
            case .plain: ""
            case .good: "32"
            case .warning: "33"
            case .bad: "31"
            case .faint: "2"
            case .heading: "1"
            }
        return enabled && !code.isEmpty && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
