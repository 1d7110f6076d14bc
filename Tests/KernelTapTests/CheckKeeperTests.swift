import CL45Core
import CL45Tap
import Foundation
import KernelTap
import L45Model
import Testing

@Suite("What answers the security check for the user-space tap", .enabled(if: TapKeeper.isBuilt))
struct CheckKeeperTests {
    let scratch: Scratch
    let tap: PreloadTap
    let initKey = [UInt8](repeating: 9, count: 32)

    init() throws {
        scratch = try Scratch()
        tap = try PreloadTap(folder: "\(scratch.path)/tap", keeper: TapKeeper.path)
    }

    @Test("A module of the published table answers, by a process that is not the agent's, and its chain goes on")
    func answers() throws {
        try tap.publish(Modules.table(1, Modules.entry(1)))
        var key = initKey
        for number in 0..<50 { try round(&key, number) }
        // Another table with the module, and another agent: the chain is the tap's.
        try tap.publish(Modules.table(2, Modules.entry(1, state: .standby), Modules.entry(2)))
        for number in 0..<5 { try round(&key, number) }
    }

    @Test("A keeper that is killed is started again, and goes on with its chains")
    func killed() throws {
        try tap.publish(Modules.table(1, Modules.entry(1)))
        var key = initKey
        try round(&key, 1)
        let keeper = try #require(try keepers().first)
        #expect(kill(keeper, SIGKILL) == 0)
        // The one that finds it gone is not answered.
        let present = key
        #expect(throws: TapError.keeper(program: TapKeeper.path, errno: EPIPE)) {
            try tap.answer(challenge(2, present), by: ModuleID(1))
        }
        try round(&key, 2)
        try round(&key, 3)
        #expect(try keepers() != [keeper])
    }

    @Test("A module that is not in the table is not answered for, nor one that was revoked")
    func revoked() throws {
        try tap.publish(Modules.table(1, Modules.entry(1)))
        #expect(throws: TapError.notInTable(ModuleID(2))) {
            try tap.answer(challenge(7, initKey), by: ModuleID(2))
        }
        var key = initKey
        try round(&key, 1)
        try tap.publish(Modules.table(2, Modules.entry(2)))
        let present = key
        #expect(throws: TapError.notInTable(ModuleID(1))) { try tap.answer(challenge(7, present), by: ModuleID(1)) }
        // Back again, it begins with the init key.
        try tap.publish(Modules.table(3, Modules.entry(1)))
        key = initKey
        try round(&key, 2)
    }

    @Test("A challenge under another key is not opened, and says in which life of the tap")
    func unopened() throws {
        try tap.publish(Modules.table(1, Modules.entry(1)))
        var key = initKey
        let life = try round(&key, 1)
        #expect(throws: TapError.unopened(ModuleID(1), life: life)) {
            try tap.answer(challenge(7, [UInt8](0..<32)), by: ModuleID(1))
        }
        try round(&key, 2)
    }

    @Test("The keeper's file is for its owner alone, and a folder that is removed begins anew")
    func files() throws {
        try tap.publish(Modules.table(1, Modules.entry(1)))
        var key = initKey
        let life = try round(&key, 1)
        var status = stat()
        let result = stat("\(tap.folder)/checks", &status)
        #expect(result == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        try FileManager.default.removeItem(atPath: tap.folder)
        #expect(throws: TapError.self) { try tap.answer(challenge(7, initKey), by: ModuleID(1)) }
        try tap.publish(Modules.table(1, Modules.entry(1)))
        key = initKey
        let next = try round(&key, 2)
        #expect(next != life)
    }

    @Test("Whatever bytes come, the keeper answers, and its chains stay as they are")
    func anyBytes() throws {
        try tap.publish(Modules.table(1, Modules.entry(1)))
        var opened: OpaquePointer?
        let result = l45_checks_open(tap.folder, &opened)
        #expect(result == 0)
        let checks = try #require(opened)
        defer { l45_checks_close(checks) }
        #expect(l45_checks_install(checks, 1, initKey) == 0)
        var reply = [UInt8](repeating: 0, count: Int(L45_KEEPER_MESSAGE_MAX))
        for count in 0...Int(L45_KEEPER_MESSAGE_MAX) {
            var request = (0..<count).map { _ in UInt8.random(in: .min ... .max) }
            // Kinds that there are, for modules that there are, too.
            if count >= 16, Bool.random() {
                request[0] = 2
                for at in 8..<16 { request[at] = at == 8 ? 1 : 0 }
            }
            let bytes = l45_keeper_serve(checks, request, request.count, &reply)
            #expect(bytes == 16, "\(request)")
        }
        let sealed = challenge(7, initKey)
        var answer = [UInt8](repeating: 0, count: Int(L45_ANSWER_BYTES_MAX))
        let answered = l45_checks_respond(checks, 1, sealed, sealed.count, &answer)
        #expect(answered == 68)
    }

    // MARK: The orchestrator's end

    private static func ad(_ way: l45_check) -> [UInt8] { Array("l45 check".utf8) + [UInt8(way.rawValue)] }

    private func challenge(_ plain: UInt8, _ key: [UInt8]) -> [UInt8] {
        let drawn = [UInt8](repeating: plain, count: 32)
        let nonce = [UInt8](repeating: plain, count: 12)
        var sealed = [UInt8](repeating: 0, count: 48)
        l45_aead_seal(key, nonce, Self.ad(L45_CHECK_CHALLENGE), 10, drawn, 32, &sealed)
        return nonce + sealed
    }

    @discardableResult
    private func round(_ key: inout [UInt8], _ number: Int) throws -> UInt64 {
        let plain = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 32)
        let answer = try tap.answer(challenge(UInt8(truncatingIfNeeded: number), key), by: ModuleID(1))
        var opened = [UInt8](repeating: 0, count: 40)
        let sealed = Array(answer.bytes.dropFirst(12))
        #expect(
            l45_aead_open(
                key, Array(answer.bytes.prefix(12)), Self.ad(L45_CHECK_ANSWER), 10, sealed, sealed.count, &opened) == 40
        )
        #expect(opened == plain + [1, 0, 0, 0, 0, 0, 0, 0])
        var next = [UInt8](repeating: 0, count: 32)
        l45_check_next(key, 1, plain, plain.count, &next)
        key = next
        return answer.life
    }

    /// The keepers of this folder: children of ours that were told it.
    private func keepers() throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { pid in
            let line = (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)) ?? ""
            return line.hasPrefix("l45tap-keeper\0\(tap.folder)\0")
        }
    }
}

/// The tap's keeper, as `scripts/build-tap` makes it.
enum TapKeeper {
    static let path = (TapLibrary.path as NSString).deletingLastPathComponent + "/l45tap-keeper"
    static var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: path) }
}
