import L45Model
import Testing

@Suite("A span of time")
struct SpanTests {
    @Test(
        "is read as operators write it",
        arguments: [
            ("250ms", 250), ("0s", 0), ("90s", 90_000), ("5m", 300_000), ("6h", 21_600_000), ("1d", 86_400_000),
        ]
            as [(String, Int64)])
    func reads(text: String, milliseconds: Int64) {
        #expect(Span(text)?.milliseconds == milliseconds)
    }

    @Test(
        "is refused rather than guessed",
        arguments: [
            "", "6", "h", "-1s", "+1s", " 1s", "1s ", "1.5h", "1 h", "1H", "1w", "1h30m", "٣s", "99999999999999999999s",
        ])
    func refuses(text: String) {
        #expect(Span(text) == nil)
    }

    @Test("ends at about 100 years, and does not overflow on the way")
    func bound() {
        #expect(Span("3200000000000ms")?.milliseconds == 3_200_000_000_000)
        #expect(Span("3200000000001ms") == nil)
        #expect(Span("3200000000000d") == nil)
    }

    @Test("is written in the largest unit that loses nothing, and reads back")
    func writes() throws {
        let texts = ["0s", "1ms", "1500ms", "90s", "5m", "6h", "7d"]
        for text in texts {
            #expect(try #require(Span(text)).description == text)
        }
        #expect(Span("60s")?.description == "1m")
        #expect(Span("24h")?.description == "1d")
    }

    @Test("added to a time and taken back gives the time")
    func arithmetic() {
        let start = Timestamp(1_790_000_000_000)
        #expect((start + .seconds(6)) - start == .seconds(6))
        #expect(start - (start + .seconds(6)) == .seconds(-6))
    }
}
