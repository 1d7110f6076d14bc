import Foundation
import L45Model
import Synchronization
import Testing

@testable import Inventory

@Suite("Enrolment tokens")
struct EnrolmentTests {
    let folder: TemporaryFolder
    let cib: Inventory
    let hash = Digest(of: Data("the secret".utf8))
    let laptop = DeviceID("1a")
    let thief = DeviceID("2b")

    init() throws {
        folder = try TemporaryFolder()
        cib = try Inventory(folder: folder.cib)
        try cib.createToken(
            id: "t1", secretHash: hash, expires: noon + .seconds(60), labels: ["site": "a"], at: noon)
    }

    @Test("A token enrols one device; another one is told who used it, and when")
    func once() throws {
        #expect(try cib.consumeToken(id: "t1", secretHash: hash, by: laptop, now: noon) == ["site": "a"])
        #expect(throws: InventoryError.tokenUsed(id: "t1", by: laptop, at: noon)) {
            try cib.consumeToken(id: "t1", secretHash: hash, by: thief, now: noon + .seconds(90))
        }
        #expect(try cib.tokens().map(\.usedAt) == [noon])
    }

    @Test("The device whose answer was lost on the way comes again with the same key, and gets the same answer")
    func retry() throws {
        #expect(try cib.consumeToken(id: "t1", secretHash: hash, by: laptop, now: noon) == ["site": "a"])
        #expect(try cib.consumeToken(id: "t1", secretHash: hash, by: laptop, now: noon + .seconds(90)) == ["site": "a"])
        #expect(try cib.tokens().map(\.usedAt) == [noon])
    }

    @Test("An expired token, a wrong secret and an unknown token are three errors, and none uses a token up")
    func refusals() throws {
        #expect(throws: InventoryError.tokenExpired(id: "t1", at: noon + .seconds(60))) {
            try cib.consumeToken(id: "t1", secretHash: hash, by: laptop, now: noon + .seconds(60))
        }
        #expect(throws: InventoryError.tokenWrong(id: "t1")) {
            try cib.consumeToken(id: "t1", secretHash: Digest(of: Data("another".utf8)), by: laptop, now: noon)
        }
        #expect(throws: InventoryError.tokenUnknown(id: "t2")) {
            try cib.consumeToken(id: "t2", secretHash: hash, by: laptop, now: noon)
        }
        #expect(throws: InventoryError.tokenExists(id: "t1")) {
            try cib.createToken(id: "t1", secretHash: hash, expires: noon, at: noon)
        }
        #expect(try cib.consumeToken(id: "t1", secretHash: hash, by: laptop, now: noon + .seconds(59)) == ["site": "a"])
    }

    @Test("Of 16 devices at once, one gets in")
    func race() throws {
        let won = Mutex(0)
        let used = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: 16) { caller in
            do {
                _ = try cib.consumeToken(id: "t1", secretHash: hash, by: DeviceID("\(caller)"), now: noon)
                won.withLock { $0 += 1 }
            } catch InventoryError.tokenUsed {
                used.withLock { $0 += 1 }
            } catch {
                Issue.record(error)
            }
        }
        #expect(won.withLock { $0 } == 1)
        #expect(used.withLock { $0 } == 15)
    }

    @Test("A dead token is remembered for 30 days, one taken back not at all")
    func deadTokens() throws {
        let later = noon + .seconds(60) + Inventory.deadTokenKept
        try cib.createToken(id: "t2", secretHash: hash, expires: later, at: later)
        #expect(try cib.tokens().map(\.id) == ["t1", "t2"])
        try cib.createToken(id: "t3", secretHash: hash, expires: later, at: later + .milliseconds(1))
        #expect(try cib.tokens().map(\.id) == ["t2", "t3"])
        try cib.deleteToken(id: "t2")
        #expect(throws: InventoryError.tokenUnknown(id: "t2")) { try cib.deleteToken(id: "t2") }
    }
}
