import ControlChannel
import KernelTap
import L45Model
import Testing

@testable import Agent

@Suite("What the tap tells unasked")
struct NoticeTests {
    private static let noon = Timestamp(1_700_000_000_000)

    private static func machine() -> AgentMachine {
        var machine = AgentMachine(
            identity: AgentFacts(
                device: DeviceID("00112233445566778899aabbccddeeff"), facts: DeviceFacts(name: "d"), bootID: "b",
                tap: .kernel))
        _ = machine.handle(.connected, now: noon)
        return machine
    }

    private static func events(_ outputs: [AgentOutput]) -> [Event] {
        outputs.compactMap { output in
            guard case .send(.event(let event)) = output else { return nil }
            return event
        }
    }

    private static let refused = TapNotice(
        kind: .refused, module: ModuleID(7), process: "nginx", text: "tcp nginx 10.0.0.1:443", reason: "kTLS owns it")

    @Test("A refused socket becomes an event with its reason; more of the same wait a minute, and are counted")
    func refusal() {
        var machine = Self.machine()
        let first = Self.events(machine.handle(.noticed(Self.refused), now: Self.noon))
        #expect(first.map(\.message) == ["socket left plain"])
        #expect(first.first?.severity == .warning)
        #expect(
            first.first?.facts == [
                "tap": "kernel", "module": "\(ModuleID(7))", "process": "nginx", "reason": "kTLS owns it",
                "text": "tcp nginx 10.0.0.1:443",
            ])
        for second in 1...5 {
            #expect(machine.handle(.noticed(Self.refused), now: Self.noon + .seconds(Int64(second))).isEmpty)
        }
        let later = Self.events(machine.handle(.noticed(Self.refused), now: Self.noon + .seconds(60)))
        #expect(later.first?.facts["moreBefore"] == "5")
        #expect(Self.events(machine.handle(.noticed(Self.refused), now: Self.noon + .seconds(-60))).count == 1)
    }

    @Test("An alert is one to the operator, a connection that began plain is not")
    func severities() {
        var machine = Self.machine()
        let alert = machine.handle(.noticed(TapNotice(kind: .alert, text: "forged tags")), now: Self.noon)
        #expect(Self.events(alert).map(\.severity) == [.alert])
        let plain = TapNotice(kind: .refused, text: "tcp curl", reason: "under way", isExpected: true)
        #expect(Self.events(machine.handle(.noticed(plain), now: Self.noon)).map(\.severity) == [.info])
    }

    @Test("A socket that was tapped is no event; another table makes the agent look")
    func quiet() {
        var machine = Self.machine()
        #expect(machine.handle(.noticed(TapNotice(kind: .attached, text: "udp dig")), now: Self.noon).isEmpty)
        #expect(machine.handle(.noticed(TapNotice(kind: .table, text: "")), now: Self.noon) == [.readTap])
    }
}
