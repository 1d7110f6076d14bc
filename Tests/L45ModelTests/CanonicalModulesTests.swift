import Testing

@testable import L45Model

@Suite("A table's digest")
struct CanonicalModulesTests {
    @Test("It is taken over the very bytes that the general encoder writes, whatever the modules are")
    func sameBytes() throws {
        var random = SeededRandom(seed: 45)
        for _ in 0..<400 {
            let entries = (0..<Int.random(in: 0...4, using: &random)).map { _ in Self.entry(&random) }
            let fast = try #require(CanonicalModules.encode(entries))
            #expect(
                String(decoding: fast, as: UTF8.self)
                    == String(decoding: try CanonicalJSON.encode(entries), as: UTF8.self))
        }
    }

    @Test("A name that needs an escape is left to the general encoder, and the digest is its own")
    func escapes() throws {
        for text in ["a\"b", "a\\b", "a\nb", "a\u{7f}b", "a\u{1}"] {
            var module = Sample.module()
            module.tapSocket.application.process = text
            let entries = [ModuleEntry(plan: module, state: .active)]
            #expect(CanonicalModules.encode(entries) == nil)
            let table = DeviceTable(device: DeviceID("d"), generation: Generation(1), modules: entries)
            #expect(try table.contentDigest() == Digest(ofValue: entries))
        }
        var module = Sample.module()
        module.tapSocket.application.process = "grün/ß 漢"
        let entries = [ModuleEntry(plan: module, state: .active)]
        #expect(CanonicalModules.encode(entries).map { Array($0) } == Array(try CanonicalJSON.encode(entries)))
    }

    private static func entry(_ random: inout SeededRandom) -> ModuleEntry {
        func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
        func flip() -> Bool { Bool.random(using: &random) }
        func text() -> String {
            String((0..<number(0...9)).map { _ in "abcxyzABCXYZ0189-*/.:äß€ ".randomElement(using: &random) ?? "q" })
        }
        func pattern() -> EndpointPattern {
            let blocks = ["10.0.0.1", "192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0", "::1", "::/0"]
            return EndpointPattern(
                block: flip() ? AddressBlock(blocks[number(0...5)]) : nil,
                port: flip() ? UInt16(number(0...65535)) : nil)
        }
        let dialect: Dialect =
            switch number(0...4) {
            case 0: .monitor
            case 1:
                .stream(
                    StreamTag(
                        frameBytes: number(16...1 << 20), tagBytes: number(12...64), label: text(),
                        start: flip() ? .firstByte : .afterTLSHandshake))
            case 2:
                .datagram(
                    DatagramTag(
                        place: .front, tagBytes: number(12...64), label: text(),
                        coding: [.asItIs, .masked, .shortDNS][number(0...2)]))
            case 3: .datagram(DatagramTag(place: .end, label: text()))
            default: .datagram(DatagramTag(place: .offset(number(0...1400)), label: text()))
            }
        let plan = ModulePlan(
            id: ModuleID(random.next() >> UInt64(number(0...63))), intent: IntentName(text()), flow: FlowName(text()),
            epoch: Epoch(UInt32(number(0...1 << 31))), role: flip() ? .client : .server,
            directions: ModulePlan.Directions(request: flip(), response: flip()),
            tapSocket: TapSocket(
                transport: flip() ? .udp : .tcp,
                application: Application(process: flip() ? text() : nil, thread: flip() ? text() : nil),
                local: pattern(), remotes: (0..<number(0...3)).map { _ in pattern() }),
            dialect: dialect, dialectSecret: Secret((0..<32).map { _ in UInt8(number(0...255)) }),
            initKey: Secret((0..<number(0...32)).map { _ in UInt8(number(0...255)) }), attach: flip() ? .new : .all,
            priority: number(-1_000_000...1_000_000), dropUnlessTagged: flip(),
            delayMicroseconds: number(0...10_000_000),
            stateRequestWindow: .milliseconds(Int64(number(0...1 << 40))),
            securityCheckWindow: .seconds(Int64(number(0...600))),
            underTest: flip(),
            artifact: flip()
                ? ArtifactReference(digest: Digest(of: [UInt8(number(0...255))]), bytes: number(0...1 << 40)) : nil)
        let states = ModuleState.allCases
        return ModuleEntry(plan: plan, state: states[number(0...(states.count - 1))], enforcing: flip())
    }
}
