import Foundation

/// Counts what held.
struct Checks {
    private(set) var passed = 0
    private(set) var failed = 0

    /// Runs a check: it holds when it says so, and does not when it throws.
    mutating func check(_ name: String, _ body: () throws -> Bool) {
        let start = ContinuousClock.now
        var reason = ""
        var holds = false
        do { holds = try body() } catch { reason = ": \(error)" }
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        print("\(holds ? "ok    " : "FAILED") \(name) (\(Int(milliseconds)) ms)\(reason)")
        fflush(nil)
        if holds { passed += 1 } else { failed += 1 }
    }

    /// For what must come to an end.
    static func within(seconds: Double, _ condition: () throws -> Bool) rethrows -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if try condition() { return true }
            usleep(10_000)
        }
        return try condition()
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
