import L45Model
import Testing

@testable import L45Command

@Suite("Tables")
struct TableTests {
    @Test("Devices: link, age, the generation that is confirmed and the one that is wanted, problems")
    func devices() {
        #expect(
            DevicesTable.table(Fleet.devices, now: Fleet.now).text() == """
                NAME        ID            LINK       SINCE   GENERATION  MODULES  LABELS                   PROBLEMS
                client-1    c11e00000000  connected  3m      7           1        role=client,site=boston  <none>
                resolver-1  5e5000000000  away       12s     6, wants 7  1        <none>                   the tap folder is full (and 1 more)
                fresh       f0e500000000  away       <none>  0           0        <none>                   <none>
                """)
    }

    @Test("Devices, wide: whole ids, tap, processes, addresses, the last report's age, versions")
    func devicesWide() {
        #expect(
            DevicesTable.table([Fleet.client, Fleet.fresh], now: Fleet.now, wide: true).text() == """
                NAME      ID                                LINK       SINCE   GENERATION  MODULES  LABELS                   PROBLEMS  TAP      PROCESSES  ADDRESSES   REPORT  KERNEL  AGENT   DECLARED
                client-1  c11e0000000000000000000000000001  connected  3m      7           1        role=client,site=boston  <none>    preload  2          192.0.2.53  3s      6.12.0  0.1.0   <none>
                fresh     f0e50000000000000000000000000001  away       <none>  0           0        <none>                   <none>    <none>   0          <none>      <none>  <none>  <none>  <none>
                """)
    }

    @Test("Intents: whether ready, the phase, the edition, and when the next one comes")
    func intents() {
        let all = [
            Fleet.intent(), Fleet.intent(paused: true, phase: .drain), Fleet.intent(phase: .settled, ready: true),
        ]
        #expect(
            IntentsTable.table(all, now: Fleet.now).text()
                == """
                NAME  READY  PHASE           EPOCH  SINCE  ROTATES   NEXT   DEVICES
                dns   no     flip-clients    4      30s    every 6h  in 5h  1/2
                dns   no     drain (paused)  4      30s    every 6h  in 5h  1/2
                dns   yes    settled         4      30s    every 6h  in 5h  2/2
                """)
    }

    @Test("Modules: what the tap says, and what it was told where the two differ")
    func modules() {
        #expect(
            ModulesTable.table(Fleet.modules, now: Fleet.now).text()
                == """
                ID                DEVICE      FLOW   EPOCH  ROLE    STATE                    SOCKETS  SENT  RECEIVED  ACTIVE
                000000000000002a  client-1    dns/0  3      client  active, wants standby    2        5000  4998      1s
                000000000000002b  client-1    dns/0  4      client  absent, wants active     0        0     0         <none>
                000000000000003a  resolver-1  dns/0  3      server  deprecated, wants to go  0        0     0         <none>
                """)
    }

    @Test("Rollouts: the phase, since when, and which device holds it up with what")
    func rollouts() {
        let waiting = [
            RolloutStatus.Waiting(device: Fleet.client.id, reason: "still sends epoch 3"),
            RolloutStatus.Waiting(device: DeviceID("feed"), reason: "is away"),
        ]
        let all = [
            Fleet.rollout(), Fleet.rollout(.deploy, paused: true, waiting: waiting),
            Fleet.rollout(.revoke, epoch: nil, waiting: []),
        ]
        #expect(
            RolloutsTable.table(all, now: Fleet.now).text() == """
                FLOW   EPOCH   PHASE            SINCE  WAITS FOR
                dns/0  4       flip-clients     12s    resolver-1: has not confirmed generation 7 (last report 6, 15 s ago)
                dns/0  4       deploy (paused)  12s    client-1: still sends epoch 3 (and 1 more)
                dns/0  leaves  revoke           12s    <none>
                """)
        let everyDevice = RolloutsTable.table([all[1]], now: Fleet.now, everyDevice: true).text()
        #expect(everyDevice.hasSuffix("feed: is away"))
        #expect(everyDevice.split(separator: "\n").count == 3)
    }

    @Test("Events: the newest last, facts sorted, times in full when wide")
    func events() {
        #expect(
            EventsTable.table(Fleet.events, now: Fleet.now).text() == """
                AGE  SEVERITY  SUBJECT                                  MESSAGE           FACTS
                30s  info      intent/dns                               rotation began    by='schedule at 6h' epoch=4
                12s  alert     device/5e50000000000000000000000000000a  device went away  <none>
                """)
        let wide = EventsTable.table(Fleet.events, now: Fleet.now, wide: true).text()
        #expect(wide.contains("2026-09-21T14:12:50.000Z  info"))
        #expect(wide.hasSuffix("42"))
    }

    @Test("Columns stay aligned when cells are coloured")
    func colours() {
        let table = Table(columns: ["A", "B"], rows: [[Cell("x", .bad), "1"], [Cell("long", .good), "2"]])
        let plain = table.text(.plain)
        let coloured = table.text(Palette(enabled: true))
        #expect(coloured.contains("\u{1B}[31mx\u{1B}[0m     1"))
        let stripped = coloured.replacing(/\u{1B}\[\d+m/, with: "")
        #expect(stripped == plain)
    }

    @Test("A device that calls itself by an escape sequence cannot speak to the terminal")
    func escapes() {
        let cell = Cell("web\u{1B}[2J\u{7}\n\u{202E}1")
        #expect(cell.text == #"web\u{1b}[2J\u{7}\n\u{202e}1"#)
    }

    @Test(
        "Ages lose precision as they grow",
        arguments: [
            (-5, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (172_799, "47h"),
            (172_800, "2d"), (8_640_000, "100d"),
        ] as [(Int64, String)])
    func ages(seconds: Int64, text: String) {
        #expect(Age.text(.seconds(seconds)) == text)
    }

    @Test("Who watches sees a row again only when more than its age is new")
    func watching() {
        var shown = ShownRows()
        let first = shown.news(DevicesTable.table(Fleet.devices, now: Fleet.now), .plain)
        #expect(first?.split(separator: "\n").count == 4)
        let later = Fleet.now + .seconds(60)
        #expect(shown.news(DevicesTable.table(Fleet.devices, now: later), .plain) == nil)
        var changed = Fleet.devices
        changed[1].link = .connected
        let news = shown.news(DevicesTable.table(changed, now: later), .plain)
        #expect(news?.hasPrefix("resolver-1  5e5000000000  connected") == true)
        #expect(news?.contains("\n") == false)
    }
}
