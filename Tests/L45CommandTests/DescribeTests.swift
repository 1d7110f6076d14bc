import L45Model
import Testing

@testable import L45Command

@Suite("Describe and diff")
struct DescribeTests {
    @Test("A device")
    func device() {
        let text = DescribeDevice.text(
            Fleet.resolver, modules: [Fleet.modules[2]], events: [Fleet.events[1]], now: Fleet.now, .plain)
        #expect(
            text == """
                Device       resolver-1
                Id           5e50000000000000000000000000000a
                Labels       <none>
                Addresses    192.0.2.53
                Link         away for 12s
                Generation   6, wants 7
                Tap          preload, 2 processes
                Last report  15s ago
                Kernel       6.12.0
                Agent        0.1.0
                Problems
                  the tap folder is full
                  no process under the tap
                Modules
                  ID                DEVICE      FLOW   EPOCH  ROLE    STATE                    SOCKETS  SENT  RECEIVED  ACTIVE
                  000000000000003a  resolver-1  dns/0  3      server  deprecated, wants to go  0        0     0         <none>
                Events
                  AGE  SEVERITY  SUBJECT                                  MESSAGE           FACTS
                  12s  alert     device/5e50000000000000000000000000000a  device went away  <none>
                """)
    }

    @Test("A device on the kernel tap, which has every process: those that a module has met are counted")
    func kernel() {
        var device = Fleet.resolver
        device.tap = .kernel
        let text = DescribeDevice.text(device, modules: [], events: [], now: Fleet.now, .plain)
        #expect(text.contains("Tap          kernel (l45.ko), tapped sockets in 2 programs\n"))
    }

    @Test("An intent")
    func intent() {
        let text = DescribeIntent.text(
            Fleet.intent(revision: 3, observed: 2), rollouts: [Fleet.rollout()], modules: [], events: [],
            now: Fleet.now, .plain)
        #expect(
            text == """
                Intent    dns
                Ready     no
                Phase     flip-clients
                Revision  3, seen so far 2, from intents/dns.yaml
                Epoch     4, since 30s ago
                Rotates   every 6h, next in 5h
                Devices   1 of 2 ready, 1 away
                Conditions
                  TYPE   STATUS  SINCE  REASON       MESSAGE
                  Ready  false   12s    DevicesAway  resolver-1 is away
                Flows
                  FLOW   EPOCH  PHASE         SINCE  WAITS FOR
                  dns/0  4      flip-clients  12s    resolver-1: has not confirmed generation 7 (last report 6, 15 s ago)
                Modules
                  <none>
                Source
                  name: dns
                  intent:
                    - tag dig DNS
                    - rotate dialect every 6h
                Events
                  <none>
                """)
    }

    @Test("An intent whose parts are written by different hands: each with its last one, and what the schedule does")
    func owners() {
        var intent = Fleet.intent(paused: true)
        intent.owners = [
            FieldOwner(.document, owner: "ci", by: "alice", since: Fleet.ago(300), note: "revision 2, from dns.yaml"),
            FieldOwner(.edition, owner: "schedule", by: nil, since: Fleet.ago(30), note: "epoch 4"),
            FieldOwner(.pause, owner: "l45 rollout pause", by: "bob", since: Fleet.ago(5), note: "no step is taken"),
        ]
        intent.schedule = ScheduleView(
            .every(.seconds(21_600)), next: Fleet.now + .seconds(21_570),
            record: IntentRecord(name: Fleet.dns, source: "", origin: "", paused: true), now: Fleet.now)
        let text = DescribeIntent.text(intent, rollouts: [], modules: [], events: [], now: Fleet.now, .plain)
        #expect(
            text.contains(
                """
                Rotates   every 6h, held while paused
                Devices   1 of 2 ready, 1 away
                Owners
                  PART      OWNER              BY      SINCE  WHAT
                  document  ci                 alice   5m     revision 2, from dns.yaml
                  edition   schedule           <none>  30s    epoch 4
                  pause     l45 rollout pause  bob     5s     no step is taken
                Conditions
                """), "\(text)")
        let wide = IntentsTable.table([intent], now: Fleet.now, wide: true).text()
        #expect(wide.contains("DEVICES  OWNER  AWAY") && wide.contains("1/2      ci     1   "), "\(wide)")
        intent.conditions.append(
            Condition(type: "Drifted", status: .yes, reason: "NotAsCommitted", message: "", since: nil))
        intent.owners = nil
        intent.manager = "git/net"
        #expect(IntentsTable.table([intent], now: Fleet.now, wide: true).text().contains("git/net, drifted"))
    }

    @Test("A module")
    func module() {
        #expect(
            DescribeModule.text(Fleet.modules[0], now: Fleet.now, .plain) == """
                Module       000000000000002a
                Device       client-1 (c11e0000000000000000000000000001)
                Flow         dns/0 of intent dns, epoch 3, client
                State        active, wants standby
                Enforcing    no
                Socket       udp dig/* any > 192.0.2.53:53
                Dialect      datagram tag, 32 bytes at the front, label 'dig'
                Attaches to  open and new sockets
                Priority     100
                Sockets      2
                Streams      0 in the dialect, 0 left plain
                Active       1s ago
                Sent         5000 messages, 160000 bytes, 1s ago
                Received     4998 messages, 320000 bytes, 2s ago
                Not ours     0 to the next module, 1 handed over plain
                Dropped      0 plain
                Forged       0
                Latest flows
                  udp 10.0.0.5:41234 > 192.0.2.53:53 (dig/isc-net-0000)
                """)
    }

    @Test("A module whose device is away: what its tap was told, what it has, and since when nobody knows better")
    func moduleConditions() {
        var module = Fleet.modules[0]
        module.generationDecided = Generation(8)
        module.generationConfirmed = Generation(7)
        module.conditions = [
            Condition(
                type: "Confirmed", status: .unknown, reason: "DeviceAway", message: "its device is away",
                since: Fleet.ago(12), observed: Generation(7))
        ]
        let text = DescribeModule.text(module, now: Fleet.now, .plain)
        #expect(text.contains("\nGeneration   7, wants 8\n"), "\(text)")
        #expect(
            text.contains(
                """
                Conditions
                  TYPE       STATUS   SINCE  REASON      MESSAGE
                  Confirmed  unknown  12s    DeviceAway  its device is away

                """), "\(text)")
        #expect(ModulesTable.table([module], now: Fleet.now, wide: true).text().contains("unknown: DeviceAway  -"))
    }

    private func result(_ outcome: ApplyResult.Outcome, dryRun: Bool = true) -> ApplyResult {
        let old = DevicePlan(device: Fleet.client.id, modules: [Fleet.plan(1, epoch: 3, role: .client)])
        let new = DevicePlan(
            device: Fleet.client.id,
            modules: [Fleet.plan(2, epoch: 4, role: .client, priority: 200), Fleet.plan(3, epoch: 4, role: .server)])
        return ApplyResult(
            dryRun: dryRun,
            intents: [
                ApplyResult.Intent(name: Fleet.dns, outcome: outcome, revision: Generation(2)),
                ApplyResult.Intent(name: IntentName("web"), outcome: .unchanged, revision: Generation(1)),
                ApplyResult.Intent(name: IntentName("old"), outcome: .pruned, revision: Generation(9)),
            ],
            devices: [DeviceDiff(deviceName: "client-1", from: old, to: new)].compactMap { $0 })
    }

    @Test("A diff goes from intents to devices to fields, and leaves out what stays")
    func diff() {
        #expect(
            DiffText.text(result(.configured), .plain) == """
                ~ intent/dns
                - intent/old
                device/client-1
                  ~ dns/0 client
                      epoch: 3 -> 4
                      priority: 100 -> 200
                  + dns/0 server  udp dig/* any > 192.0.2.53:53  datagram tag, 32 bytes at the front, label 'dig'
                """)
    }

    @Test("Nothing to say is nothing said")
    func noDiff() {
        let same = ApplyResult(
            dryRun: true, intents: [ApplyResult.Intent(name: Fleet.dns, outcome: .unchanged, revision: Generation(2))])
        #expect(DiffText.text(same, .plain).isEmpty)
        #expect(!same.differs)
    }

    @Test("An apply says what became of each intent, and of a dry run that it was one")
    func apply() {
        #expect(
            ApplyText.text(result(.created, dryRun: false), .plain) == """
                intent/dns created
                intent/web unchanged
                intent/old pruned
                """)
        #expect(
            ApplyText.text(result(.created), .plain).hasPrefix("intent/dns created (dry run)\nintent/web unchanged\n"))
    }
}
