import KernelTap
import L45Model
import Testing

@Suite("What the kernel tap's events leave behind")
struct LogTests {
    private let noon = Timestamp(1_700_000_000_000)

    @Test("The latest eight flows of a module, newest first; one that comes again moves up")
    func flows() {
        var log = FlowLog()
        for number in 1...10 { log.note("flow \(number)", of: ModuleID(7)) }
        log.note("flow 5", of: ModuleID(7))
        log.note("other", of: ModuleID(8))
        log.note("", of: ModuleID(8))
        #expect(log.flows(of: ModuleID(7)) == [5, 10, 9, 8, 7, 6, 4, 3].map { "flow \($0)" })
        #expect(log.flows(of: ModuleID(8)) == ["other"])
        log.keepOnly([ModuleID(8)])
        #expect(log.flows(of: ModuleID(7)).isEmpty)
        #expect(log.flows(of: ModuleID(8)) == ["other"])
    }

    @Test("Sockets that stay plain are a problem for ten minutes, counted by program and reason")
    func troubles() {
        var log = TroubleLog()
        let nginx = TapNotice(
            kind: .refused, process: "nginx", text: "tcp nginx 10.0.0.1:443", reason: "kTLS owns it", lost: 2)
        log.note(nginx, now: noon)
        log.note(nginx, now: noon + .seconds(1))
        log.note(TapNotice(kind: .failed, process: "curl", text: ""), now: noon + .seconds(2))
        log.note(TapNotice(kind: .attached, text: "fine"), now: noon)
        log.note(TapNotice(kind: .refused, text: "began plain", isExpected: true), now: noon)
        #expect(
            log.problems(now: noon + .seconds(3)) == [
                "6 sockets of nginx that a module matches stayed plain: kTLS owns it (last: tcp nginx 10.0.0.1:443)",
                "a socket of curl that a module matches stayed plain: the kernel had no memory for the tap; close it and "
                    + "open it again",
            ])
        #expect(log.problems(now: noon + .seconds(601)).count == 2)
        #expect(log.problems(now: noon + .seconds(602)).count == 1)
        #expect(log.problems(now: noon + .seconds(700)).isEmpty)
    }

    @Test("However many programs are refused, eight are named")
    func bounded() {
        var log = TroubleLog()
        for number in 0..<100 { log.note(TapNotice(kind: .refused, process: "p\(number)", text: ""), now: noon) }
        #expect(log.problems(now: noon).count == TroubleLog.kindsMax)
        #expect(log.problems(now: noon).last?.contains("p99") == true)
    }
}
