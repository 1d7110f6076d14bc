import Foundation
import KernelTap
import Testing

@Suite("l45 run on real programs")
struct TapLauncherTests {
    let scratch: Scratch
    let library: String
    let tap: String

    init() throws {
        scratch = try Scratch()
        library = try scratch.compile("library", "int l45_here;", flags: ["-shared", "-fPIC"])
        tap = try scratch.folder("tap")
        try scratch.write("tap/rules", "")
        try scratch.write("tap/state", "")
    }

    private func prepare(_ command: String..., tap: String? = nil, library: String? = nil) throws(LaunchRefusal)
        -> TapLaunch
    {
        try TapLauncher.prepare(
            command: command, tapFolder: tap ?? self.tap,
            environment: ["PATH": "/usr/bin:/bin", "L45_TAP_LIBRARY": library ?? self.library])
    }

    @Test("A program found in PATH is prepared")
    func program() throws {
        let launch = try prepare("ls", "-l")
        #expect(["/usr/bin/ls", "/bin/ls"].contains(launch.path))
        #expect(launch.arguments == ["ls", "-l"])
        #expect(launch.environment["LD_PRELOAD"] == library)
        #expect(launch.environment["L45_TAP_DIR"] == tap)
    }

    @Test("A statically linked program, also a position-independent one, is refused")
    func statics() throws {
        let source = "int main(void) { return 0; }"
        for flag in ["-static", "-static-pie"] {
            let program = try scratch.compile("program\(flag)", source, flags: [flag])
            #expect(throws: LaunchRefusal.staticallyLinked(path: program)) { try prepare(program) }
            let script = try scratch.script("script\(flag)", "#!\(program) -x\n")
            #expect(throws: LaunchRefusal.staticallyLinked(path: program)) { try prepare(script) }
        }
        let dynamic = try scratch.compile("dynamic", source, flags: [])
        #expect(try prepare(dynamic).path == dynamic)
    }

    @Test("A script is prepared when its interpreter takes the library; a chain without end is refused")
    func scripts() throws {
        let script = try scratch.script("hello", "#!/bin/sh -e\necho hello\n")
        #expect(try prepare(script).path == script)
        let env = try scratch.script("env", "#!/usr/bin/env sh\n")
        #expect(try prepare(env).path == env)
        let lost = try scratch.script("lost", "#!/usr/bin/env no-such-program-here\n")
        #expect(throws: LaunchRefusal.notFound(command: "no-such-program-here")) { try prepare(lost) }
        let loop = "\(scratch.path)/loop"
        _ = try scratch.script("loop", "#!\(loop)\n")
        #expect(throws: LaunchRefusal.tooManyInterpreters(path: loop, max: 5)) { try prepare(loop) }
    }

    @Test("A program of another user with the set-user-ID bit is refused", .enabled(if: geteuid() == 0))
    func setUserID() throws {
        let program = try scratch.compile("privileged", "int main(void) { return 0; }", flags: [])
        #expect(chown(program, 65534, 65534) == 0)
        #expect(chmod(program, 0o4755) == 0)
        #expect(throws: LaunchRefusal.privileged(path: program, privilege: "set-user-ID")) { try prepare(program) }
    }

    @Test("What is not there or no program is refused by name")
    func missing() throws {
        #expect(throws: LaunchRefusal.notFound(command: "no-such-program-here")) { try prepare("no-such-program-here") }
        #expect(throws: LaunchRefusal.cannotRun(path: "/no/such", errno: ENOENT)) { try prepare("/no/such") }
        #expect(throws: LaunchRefusal.cannotRun(path: "/tmp", errno: EISDIR)) { try prepare("/tmp") }
        let text = try scratch.script("text", "hello\n")
        #expect(throws: LaunchRefusal.notAProgram(path: text)) { try prepare(text) }
        let torn = try scratch.script("torn", "\u{7f}ELF")
        #expect(throws: LaunchRefusal.notAProgram(path: torn)) { try prepare(torn) }
    }

    @Test("Without an agent's tap, or the library, it says what to do")
    func setUp() throws {
        let none = "\(scratch.path)/none"
        let noTap = #expect(throws: LaunchRefusal.self) { try prepare("ls", tap: none) }
        #expect(noTap?.description.contains("start l45 agent first, or pass --tap") == true)
        let noLibrary = #expect(throws: LaunchRefusal.self) { try prepare("ls", library: none) }
        #expect(noLibrary == .libraryMissing(tried: [none]))
    }

    @Test("ELF headers cut off at any byte are refused and never read past their end")
    func tornHeaders() throws {
        let program = try scratch.compile("whole", "int main(void) { return 0; }", flags: [])
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: program)))
        func image(_ bytes: [UInt8]) -> ELFImage? {
            ELFImage { offset, count in
                offset >= UInt64(bytes.count) ? [] : Array(bytes[Int(offset)...].prefix(count))
            }
        }
        let whole = try #require(image(bytes))
        #expect(whole.interpreter?.contains("ld") == true)
        // The interpreter's name stands within the first KiB; before that, nothing may pass for whole.
        for count in stride(from: 0, to: 700, by: 7) { #expect(image(Array(bytes.prefix(count))) == nil) }
        var wild = bytes
        for at in 32..<40 { wild[at] = 0xff }
        #expect(image(wild) == nil)
    }
}
