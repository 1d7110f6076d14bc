import L45Model
import Orchestrator
import Reconciler
import Testing

@Suite("The monitor: what was decided against what is reported, one end of a flow against the other")
struct FleetMonitorTests {
    @Test("A fleet that does what it was told is no news, whatever it sends")
    func quiet() {
        var fleet = MonitorFleet()
        for _ in 0..<60 {
            fleet.wait(10)
            fleet.traffic(sent: 7, received: 7)
            #expect(fleet.look() == [])
        }
    }

    @Test(
        "A client whose messages arrive nowhere is told after the bound, with both ends' names, and over when they arrive"
    )
    func oneSided() throws {
        var fleet = MonitorFleet()
        fleet.look()
        var found: AlertFinding?
        for second in stride(from: Int64(10), through: 120, by: 10) {
            fleet.wait(10)
            fleet.traffic(sent: 5, received: 0)
            let findings = fleet.look()
            #expect(findings.isEmpty == (second < 70), "\(second)")
            found = findings.first
        }
        let finding = try #require(found)
        #expect(finding.kind == .flowOneSided)
        #expect(finding.subject == .flow(MonitorFleet.flow))
        #expect(finding.expected == "what is sent in edition 1 of dns/0 arrives at dns-1")
        #expect(finding.seen.hasPrefix("laptop sent 60 messages since"))
        fleet.wait(10)
        fleet.traffic(sent: 5, received: 5)
        #expect(fleet.look() == [])
        #expect(fleet.whyOver(finding) != nil)
    }

    @Test("One message that is lost, or a few that are late, are chance")
    func chance() {
        var fleet = MonitorFleet()
        fleet.look()
        fleet.wait(10)
        fleet.traffic(sent: 1, received: 0)
        for _ in 0..<30 {
            fleet.wait(10)
            fleet.traffic(sent: 0, received: 0)
            #expect(fleet.look() == [])
        }
    }

    @Test("Messages that nobody sent are critical; while a sender is away nobody can say so")
    func nobodySent() {
        var fleet = MonitorFleet()
        fleet.look()
        for _ in 0..<8 {
            fleet.wait(10)
            fleet.traffic(sent: 0, received: 4)
            fleet.look()
        }
        let findings = fleet.look()
        #expect(findings.map(\.kind) == [.messagesNobodySent])
        #expect(findings.first?.severity == .critical)
        #expect(findings.first?.seen.contains("dns-1 received 32") == true)
        fleet.fleet.disconnected(DeviceID("laptop"), now: fleet.now)
        #expect(fleet.look() == [])
    }

    @Test("During a rotation, at standby and under test nobody compares the ends")
    func outsideRotations() {
        var rotating = MonitorFleet()
        rotating.settle(.drain)
        var testing = MonitorFleet()
        testing.add("laptop", .client, state: .deactivated, underTest: true)
        testing.add("dns-1", .server, state: .deactivated, underTest: true)
        for _ in 0..<5 {
            for at in 0..<2 {
                var fleet = at == 0 ? rotating : testing
                fleet.wait(10)
                fleet.traffic(sent: 50, received: 0)
                #expect(fleet.look() == [])
                if at == 0 { rotating = fleet } else { testing = fleet }
            }
        }
    }

    @Test("A server without the module that its clients speak is told, once it has lasted")
    func absentModule() throws {
        var fleet = MonitorFleet()
        for second in stride(from: Int64(10), through: 80, by: 10) {
            fleet.wait(10)
            fleet.traffic(sent: 0, received: 0)
            fleet.report("dns-1") { $0.modules = [] }
            let findings = fleet.look()
            #expect(findings.map(\.kind) == (second < 70 ? [] : [.flowOneSided]), "\(second)")
            if let finding = findings.first { #expect(finding.seen == "laptop may send it, and no tap there has it") }
        }
    }

    @Test("A module that nobody knows is told at once by name, and over when a report lacks it")
    func unknownModule() throws {
        var fleet = MonitorFleet()
        fleet.report("dns-1") { $0.modules.append(ModuleReport(id: ModuleID(0xbad), state: .active)) }
        let finding = try #require(fleet.look().first)
        #expect(finding.kind == .moduleUnknown)
        #expect(finding.expected == "dns-1 runs the 1 modules of its table, generation 1")
        #expect(finding.seen == "its tap also runs module 0000000000000bad, unknown here")
        fleet.fleet.disconnected(DeviceID("dns-1"), now: fleet.now)
        // Silence is no proof that it is gone.
        #expect(fleet.kinds == [.moduleUnknown])
        fleet.add("dns-1", .server)
        #expect(fleet.look() == [])
        #expect(fleet.whyOver(finding) == "its tap reports what is expected")
    }

    @Test("A tap that is behind runs what it was told before, and that is no stranger")
    func behind() {
        var fleet = MonitorFleet()
        let id = DeviceID("dns-1")
        let plan = MonitorFleet.plan("dns-1", .server, epoch: 2)
        fleet.fleet.decided(
            DeviceTable(device: id, generation: Generation(2), modules: [ModuleEntry(plan: plan, state: .active)]))
        fleet.report("dns-1") { report in
            report.generation = Generation(1)
            report.modules = [ModuleReport(id: MonitorFleet.module("dns-1"), state: .active)]
        }
        #expect(fleet.look() == [])
    }

    @Test("A module that is active though it was told to stand by customizes what nobody asked for")
    func unasked() throws {
        var fleet = MonitorFleet()
        fleet.add("laptop", .client, state: .standby)
        fleet.report("laptop") { $0.modules[0].state = .active }
        let finding = try #require(fleet.look().first)
        #expect(finding.kind == .customizesUnasked)
        #expect(finding.subject.module == MonitorFleet.module("laptop"))
        #expect(finding.seen.hasSuffix("is active and sends, was told to be standby"))
    }

    @Test("A module whose intent is gone and that nobody takes off is told once it has lasted")
    func stray() {
        var fleet = MonitorFleet()
        fleet.intents = []
        for name in ["laptop", "dns-1"] { fleet.fleet.adopt([DevicePlan(device: DeviceID(name), modules: [])]) }
        fleet.fleet.forget(MonitorFleet.flow)
        #expect(fleet.look() == [])
        fleet.wait(60)
        #expect(fleet.kinds == [.customizesUnasked, .customizesUnasked])
        fleet.settle(.revoke)
        #expect(fleet.look() == [])
    }

    @Test("Forged tags are counted from report to report, across the tap's restart, and are over after a quiet time")
    func forged() throws {
        var fleet = MonitorFleet()
        fleet.report("dns-1") { $0.modules[0].statistics.forged = 3 }
        fleet.wait(10)
        fleet.report("dns-1") { $0.modules[0].statistics.forged = 5 }
        var finding = try #require(fleet.look().first)
        #expect(finding.kind == .tagForged && finding.severity == .critical)
        #expect(finding.seen.hasPrefix("dns-1 received 5 with a wrong authenticator"))
        fleet.report("dns-1") { report in
            report.bootID = "another"
            report.modules[0].statistics.forged = 2
        }
        finding = try #require(fleet.look().first)
        #expect(finding.seen.hasPrefix("dns-1 received 7 "))
        fleet.wait(600)
        fleet.report("dns-1") { _ in }
        fleet.report("laptop") { _ in }
        #expect(fleet.look() == [])
        #expect(fleet.whyOver(finding) == "none came for 10m")
    }

    @Test("What a receiver drops for want of a tag is told where it was told to drop")
    func dropped() {
        var fleet = MonitorFleet()
        fleet.report("dns-1") { $0.modules[0].statistics.dropped = 4 }
        #expect(fleet.look() == [])
        fleet.report("dns-1") { report in
            report.generation = Generation(0)
            report.modules[0].enforcing = true
            report.modules[0].statistics.dropped = 6
        }
        #expect(fleet.look().map(\.kind) == [.tagMissing])
    }

    @Test("A drain that should long be over, and messages still come in the old edition: somebody still sends it")
    func staleEpoch() throws {
        var fleet = MonitorFleet()
        fleet.add("dns-1", .server, state: .deprecated)
        fleet.settle(.drain, epoch: 2)
        fleet.wait(59)
        func receive() {
            let now = fleet.now
            fleet.report("dns-1") { report in
                report.modules[0].receivedAt = now
                report.modules[0].statistics.messagesReceived += 1
            }
        }
        receive()
        #expect(fleet.look() == [])
        fleet.wait(2)
        receive()
        let finding = try #require(fleet.look().first)
        #expect(finding.kind == .epochStale)
        #expect(finding.expected.hasPrefix("nobody sends edition 1 of dns/0 since"))
    }

    @Test("A silent agent is told after its bound; most of the fleet silent is one alert and not many")
    func silence() {
        var fleet = MonitorFleet(bounds: MonitorBounds(silentFor: .seconds(30)))
        fleet.fleet.disconnected(DeviceID("laptop"), now: fleet.now)
        fleet.wait(29)
        fleet.report("dns-1") { _ in }
        #expect(fleet.look() == [])
        fleet.wait(1)
        let finding = fleet.look()
        #expect(finding.map(\.kind) == [.agentSilent])
        #expect(fleet.whyOver(finding[0]) == nil)
        for number in 0..<6 {
            fleet.add("web-\(number)", .client)
            fleet.fleet.disconnected(DeviceID("web-\(number)"), now: fleet.now)
        }
        fleet.wait(60)
        #expect(fleet.look().map(\.kind) == [.fleetSilent])
        #expect(fleet.look().first?.seen == "7 of 8 are silent: nothing moves until most are back")
    }

    @Test("Problems count once they have lasted; halts, misfits and refusals at once")
    func standings() {
        var fleet = MonitorFleet()
        func complain() { fleet.report("dns-1") { $0.problems = ["the tap folder is full", "and more"] } }
        complain()
        #expect(fleet.look() == [])
        fleet.wait(60)
        complain()
        let problem = fleet.look().first
        #expect(problem?.seen == "the tap folder is full (and 1 more)")
        fleet.report("dns-1") { _ in }
        #expect(fleet.look() == [])

        var course = RolloutCourse(began: fleet.now, waves: 2)
        course.halt = RolloutCourse.Halt(
            cause: .errorBudget, reason: "9 undecoded, the budget ends at 5", at: fleet.now)
        fleet.fleet.show(
            RolloutStatus(
                intent: MonitorFleet.dns, flow: MonitorFleet.flow, epoch: Epoch(2), phase: .flipClients, paused: false,
                waiting: [], since: fleet.now, course: course))
        fleet.misfits[MonitorFleet.dns] = "no device has role=resolver"
        #expect(fleet.kinds == [.intentMisfit, .rolloutHalted])
        #expect(fleet.look().last?.seen == "halted in flip-clients: 9 undecoded, the budget ends at 5")
    }

    @Test("A path that is tampered with is an alert with what was changed, and over when the ends agree again")
    func tampered() throws {
        var fleet = MonitorFleet()
        var trust = PathTrust(PathTrust.Place(DeviceID("laptop"), PathName("wan/10.2.0.0/24")))
        let check = PathTrust.Check(
            at: fleet.now, isKeyed: true,
            differences: [PathTrust.Difference(field: "option MSS", sent: "1460", arrived: "536")],
            contradictions: ["HFULL intact by ISN"])
        _ = trust.compared(check, alert: "the views disagree", now: fleet.now)
        fleet.trusts = PathTrustBook([trust])
        let finding = try #require(fleet.look().first)
        #expect(finding.kind == .pathTampered)
        #expect(finding.subject.path == PathName("wan/10.2.0.0/24"))
        #expect(finding.seen == "in the path: HFULL intact by ISN; the far end saw option MSS 1460 -> 536")
        fleet.trusts = PathTrustBook()
        #expect(fleet.look() == [])
        #expect(fleet.whyOver(finding) != nil)
    }

    @Test("A successor does not take an alert for over before it knows")
    func successor() throws {
        var fleet = MonitorFleet()
        fleet.report("dns-1") { $0.modules.append(ModuleReport(id: ModuleID(0xbad), state: .active)) }
        let finding = try #require(fleet.look().first)
        fleet.monitor = FleetMonitor()
        fleet.fleet.disconnected(DeviceID("dns-1"), now: fleet.now)
        #expect(fleet.look() == [])
        #expect(fleet.whyOver(finding) == nil)
    }
}
