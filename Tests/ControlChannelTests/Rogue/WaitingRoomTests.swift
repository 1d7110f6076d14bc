import NIOCore
import Testing

@testable import ControlChannel

@Suite("Who may wait at the door")
struct WaitingRoomTests {
    @Test("From one address a newcomer takes the place of the oldest that has not said a word")
    func silent() {
        var room = WaitingRoom(most: 100, mostOfOneAddress: 3)
        for id in 1...3 { #expect(room.enter(WaitingRoom.ID(id), from: "a") == .welcome) }
        room.speaks(1)
        #expect(room.enter(4, from: "a") == .insteadOf(2))
        #expect(room.enter(5, from: "b") == .welcome)
        #expect(room.count == 4)
    }

    @Test("When all of an address speak, its newcomer is turned away: a crowd of honest agents comes back later")
    func crowd() {
        var room = WaitingRoom(most: 100, mostOfOneAddress: 2)
        for id: WaitingRoom.ID in 1...2 {
            _ = room.enter(id, from: "a")
            room.speaks(id)
        }
        #expect(room.enter(3, from: "a") == .full)
        room.leave(1)
        #expect(room.enter(4, from: "a") == .welcome)
    }

    @Test("When the room is full, the address with the most loses one, also of those that speak")
    func fair() {
        var room = WaitingRoom(most: 6, mostOfOneAddress: 5)
        for id: WaitingRoom.ID in 1...5 {
            _ = room.enter(id, from: "flood")
            room.speaks(id)
        }
        #expect(room.enter(6, from: "a") == .welcome)
        #expect(room.enter(7, from: "b") == .insteadOf(1))
        #expect(room.enter(8, from: "flood") == .full)
        #expect(room.enter(9, from: "a") == .insteadOf(2))
        #expect(room.count == 6)
    }

    @Test("Ten thousand that come and go leave nothing behind")
    func bounded() {
        var room = WaitingRoom(most: 64, mostOfOneAddress: 64)
        for id: WaitingRoom.ID in 1...10_000 {
            _ = room.enter(id, from: "\(id % 7)")
            if id % 3 == 0 { room.speaks(id) }
            if id % 2 == 0 { room.leave(id) }
            #expect(room.count <= 64)
        }
        for id: WaitingRoom.ID in 1...10_000 { room.leave(id) }
        #expect(room.count == 0)
        #expect(room == WaitingRoom(most: 64, mostOfOneAddress: 64))
    }

    @Test("Refusals are told at once, then as a number once a minute; past a thousand addresses as one")
    func ledger() {
        var ledger = RefusalLedger()
        let start = NIODeadline.uptimeNanoseconds(0)
        let first = ledger.count("a", .tlsFailed, now: start)
        #expect(first?.0.address == "a" && first?.1 == 1)
        for second in 1..<60 {
            #expect(ledger.count("a", .tlsFailed, now: start + .seconds(Int64(second))) == nil)
        }
        #expect(ledger.count("a", .silent, now: start)?.1 == 1)
        #expect(ledger.count("a", .tlsFailed, now: start + .seconds(60))?.1 == 60)
        for at in 0..<3000 { _ = ledger.count("b\(at)", .silent, now: start + .seconds(61)) }
        #expect(ledger.count("c", .silent, now: start + .seconds(62)) == nil)
        #expect(ledger.count("c", .crowded, now: start + .seconds(62))?.0.address == RefusalLedger.others)
        // After a minute there is room again.
        #expect(ledger.count("d", .silent, now: start + .seconds(180))?.0.address == "d")
    }
}
