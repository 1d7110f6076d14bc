import KernelTap
import Testing

@Suite("What l45 run decides")
struct TapLaunchTests {
    static let x86 = ELFImage(is64Bit: true, machine: 62, interpreter: "/lib64/ld-linux-x86-64.so.2")
    let library = TapLaunch.Library(
        path: "/usr/lib/l45/libl45tap.so", image: ELFImage(is64Bit: true, machine: 62, interpreter: nil))

    private func decide(
        _ chain: [ProgramFile], environment: [String: String] = [:], library: TapLaunch.Library? = nil
    ) throws(LaunchRefusal) -> TapLaunch {
        try TapLaunch.decide(
            command: ["dig", "+short", "example.org"], chain: chain, library: library ?? self.library,
            tapFolder: "/run/l45/tap", environment: environment)
    }

    @Test("A dynamically linked program gets the library and the tap's folder, and keeps its environment")
    func dynamic() throws {
        let launch = try decide(
            [ProgramFile(path: "/usr/bin/dig", kind: .elf(Self.x86))], environment: ["HOME": "/root"])
        #expect(launch.path == "/usr/bin/dig")
        #expect(launch.arguments == ["dig", "+short", "example.org"])
        #expect(
            launch.environment == [
                "HOME": "/root", "LD_PRELOAD": "/usr/lib/l45/libl45tap.so", "L45_TAP_DIR": "/run/l45/tap",
            ])
    }

    @Test("A library that is preloaded already stays in front; ours is added once")
    func appends() throws {
        let dig = ProgramFile(path: "/usr/bin/dig", kind: .elf(Self.x86))
        let first = try decide([dig], environment: ["LD_PRELOAD": "/lib/libfaketime.so"])
        #expect(first.environment["LD_PRELOAD"] == "/lib/libfaketime.so:/usr/lib/l45/libl45tap.so")
        let second = try decide([dig], environment: first.environment)
        #expect(second.environment["LD_PRELOAD"] == first.environment["LD_PRELOAD"])
    }

    @Test("What the loader can not preload into is refused by name, and so is what a script leads to")
    func refuses() {
        let static64 = ELFImage(is64Bit: true, machine: 62, interpreter: nil)
        let wide = ProgramFile(path: "/bin/busybox", kind: .elf(static64))
        #expect(throws: LaunchRefusal.staticallyLinked(path: "/bin/busybox")) { try decide([wide]) }
        let script = ProgramFile(path: "/tmp/s", kind: .script(interpreter: "/bin/busybox", argument: "sh"))
        #expect(throws: LaunchRefusal.staticallyLinked(path: "/bin/busybox")) { try decide([script, wide]) }
        let sudo = ProgramFile(path: "/usr/bin/sudo", kind: .elf(Self.x86), privilege: "set-user-ID")
        #expect(throws: LaunchRefusal.privileged(path: "/usr/bin/sudo", privilege: "set-user-ID")) {
            try decide([sudo])
        }
        let text = ProgramFile(path: "/etc/passwd", kind: .other)
        #expect(throws: LaunchRefusal.notAProgram(path: "/etc/passwd")) { try decide([text]) }
        let arm = ProgramFile(
            path: "/opt/arm",
            kind: .elf(ELFImage(is64Bit: true, machine: 183, interpreter: "/lib/ld-linux-aarch64.so.1")))
        #expect(throws: LaunchRefusal.otherArchitecture(path: "/opt/arm", library: library.path)) { try decide([arm]) }
        #expect(throws: LaunchRefusal.noCommand) { try decide([]) }
    }

    @Test("A library whose path LD_PRELOAD would cut in two is refused")
    func unfitPath() {
        let blank = TapLaunch.Library(path: "/home/a b/libl45tap.so", image: library.image)
        #expect(throws: LaunchRefusal.libraryPathUnfit(path: blank.path)) {
            try decide([ProgramFile(path: "/usr/bin/dig", kind: .elf(Self.x86))], library: blank)
        }
    }

    @Test("The library is beside an installed binary, in .build/tap beside a built one, or where the variable says")
    func libraryPaths() {
        #expect(
            TapLaunch.libraryPaths(executable: "/usr/local/bin/l45", environment: [:]) == [
                "/usr/local/lib/l45/libl45tap.so"
            ])
        #expect(
            TapLaunch.libraryPaths(executable: "/src/l45/.build/x86_64-unknown-linux-gnu/debug/l45", environment: [:])
                .last == "/src/l45/.build/tap/libl45tap.so")
        #expect(
            TapLaunch.libraryPaths(executable: "/usr/bin/l45", environment: ["L45_TAP_LIBRARY": "/opt/t.so"]) == [
                "/opt/t.so"
            ])
    }

    @Test("A command is looked for in PATH unless it has a slash")
    func programPaths() {
        #expect(
            TapLaunch.programPaths(command: "dig", environment: ["PATH": "/a::/b"]) == ["/a/dig", "./dig", "/b/dig"])
        #expect(TapLaunch.programPaths(command: "./dig", environment: ["PATH": "/a"]) == ["./dig"])
        #expect(TapLaunch.programPaths(command: "dig", environment: [:]).contains("/usr/bin/dig"))
    }

    @Test("A script of env leads to the program that env runs")
    func env() {
        #expect(TapLaunch.programOfEnv(interpreter: "/usr/bin/env", argument: "python3") == "python3")
        #expect(TapLaunch.programOfEnv(interpreter: "/usr/bin/env", argument: "-S python3 -u") == "python3")
        #expect(TapLaunch.programOfEnv(interpreter: "/usr/bin/env", argument: "-i python3") == nil)
        #expect(TapLaunch.programOfEnv(interpreter: "/usr/bin/env", argument: "A=b python3") == nil)
        #expect(TapLaunch.programOfEnv(interpreter: "/bin/sh", argument: "-e") == nil)
    }

    @Test("Agent and run agree on where the tap is")
    func folder() {
        #expect(TapFolder.standard(environment: ["L45_TAP_DIR": "/t"], userID: 0) == "/t")
        #expect(TapFolder.standard(environment: [:], userID: 0) == "/run/l45/tap")
        #expect(TapFolder.standard(environment: ["XDG_RUNTIME_DIR": "/run/user/7"], userID: 7) == "/run/user/7/l45/tap")
        #expect(TapFolder.standard(environment: [:], userID: 7) == "/tmp/l45-7/tap")
    }
}
