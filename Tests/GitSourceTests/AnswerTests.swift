import Foundation
import L45Model
import Testing

@testable import GitSource

@Suite("Reading what git writes")
struct AnswerTests {
    @Test("A commit object: its author, its first line, whether it is signed")
    func commit() throws {
        let object = """
            tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
            author Jane \u{1b}[31mDoe <jane@example.org> 1700000000 +0000
            committer Jane Doe <jane@example.org> 1700000000 +0000
            gpgsig -----BEGIN SSH SIGNATURE-----
             U1NIU0lH
             -----END SSH SIGNATURE-----


            Tag DNS

            author Eve <eve@example.org>
            """
        let id = String(repeating: "a", count: 40)
        let answer = Array("\(id) commit \(object.utf8.count)\n\(object)\n".utf8)
        let commit = try #require(GitCommit(answer: answer))
        #expect(commit.id == id && commit.isSigned && commit.subject == "Tag DNS")
        // What a terminal would take for a command is left out.
        #expect(commit.author == "Jane [31mDoe <jane@example.org>")
        #expect(GitCommit(answer: Array("refs/l45/head missing\n".utf8)) == nil)
        #expect(GitCommit(answer: Array("\(id) tree 0\n\n".utf8)) == nil)
        #expect(GitCommit(answer: Array(answer.dropLast(9))) == nil)
    }

    @Test("More files, or more bytes, than are read are told with the numbers")
    func bounds() {
        func listing(_ count: Int, bytes: Int) -> GitTree {
            GitTree(
                listing: (0..<count).flatMap {
                    Array("100644 blob \(String(repeating: "a", count: 40)) \(bytes)\t\($0).yaml\0".utf8)
                })
        }
        #expect(listing(5000, bytes: 10).excess == nil)
        #expect(listing(5001, bytes: 10).excess?.contains("5001") == true)
        #expect(listing(65, bytes: 1 << 20).excess?.contains("\(65 << 20)") == true)
        let large = listing(1, bytes: (1 << 20) + 1)
        #expect(large.files.isEmpty && large.faults.count == 1)
    }

    @Test("Contents are taken by their lengths: what looks like the next answer inside of one is its content")
    func contents() {
        let id = String(repeating: "b", count: 40)
        let texts = ["", "\(id) blob 3\nabc\n", "last\n"]
        let tree = GitTree(
            listing: texts.enumerated().flatMap {
                Array("100644 blob \(id) \($0.element.utf8.count)\t\($0.offset).yaml\0".utf8)
            })
        let answer = texts.flatMap { Array("\(id) blob \($0.utf8.count)\n\($0)\n".utf8) }
        #expect(tree.contents(answer) == texts.map { Array($0.utf8) })
        for length in 0..<answer.count { #expect(tree.contents(Array(answer.prefix(length))) == nil) }
    }

    @Test("Bytes that are no answer are no answer: nothing is taken, nothing traps")
    func hostile() {
        var random = SeededRandom(seed: 45)
        let words = [
            "100644", "120000", "blob", "commit", " ", "\t", "\0", "\n", "-1", "99999999999999999999", "a.yaml",
            "../b.yml",
        ]
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...12, using: &random)).flatMap { _ in
                Bool.random(using: &random)
                    ? Array(words[Int.random(in: 0..<words.count, using: &random)].utf8)
                    : [UInt8.random(in: 0...255, using: &random)]
            }
            let tree = GitTree(listing: bytes)
            #expect(tree.files.allSatisfy { $0.path.hasSuffix(".yaml") || $0.path.hasSuffix(".yml") })
            _ = tree.contents(bytes)
            _ = GitCommit(answer: bytes)
            _ = PushNotice(Data(bytes))
        }
    }

    @Test("Of what git complains, what says why is kept, on one line")
    func complaint() {
        let said = """
            git@host: Permission denied (publickey).
            fatal: Could not read from remote repository.

            Please make sure you have the correct access rights
            and the repository exists.
            """
        #expect(
            GitProgram.line(said)
                == "git@host: Permission denied (publickey).; fatal: Could not read from remote repository.")
        #expect(GitProgram.line(String(repeating: "x", count: 1000)).count == 403)
    }

    @Test("A run that takes too long is ended, with all that it started; one that says too much, too")
    func bounded() async throws {
        let program = GitProgram(environment: ["PATH": "/usr/bin:/bin"], fileBytesMax: 1 << 20)
        let mark = FileManager.default.temporaryDirectory.appending(path: "l45-\(UUID().uuidString)").path
        let began = ContinuousClock.now
        let slow = await #expect(throws: GitFailure.self) {
            try await program.run(
                ["-c", "(sleep 600; true) & echo $! > \(mark); wait"], seconds: 3, program: "sh")
        }
        #expect(slow?.code == .tooSlow && ContinuousClock.now - began < .seconds(60))
        let child = try #require(
            Int32(try String(contentsOfFile: mark, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
        try FileManager.default.removeItem(atPath: mark)
        // Nobody is left of its group: the child's own end may take a moment.
        while kill(child, 0) == 0, Self.isRunning(child), ContinuousClock.now - began < .seconds(60) {
            await Task.yield()
        }
        #expect(!Self.isRunning(child))
        let loud = await #expect(throws: GitFailure.self) {
            try await program.run(["-c", "yes"], seconds: 30, outputBytesMax: 1000, program: "sh")
        }
        #expect(loud?.code == .tooLarge)
        let none = await #expect(throws: GitFailure.self) {
            try await program.run([], seconds: 30, program: "/no/such/program")
        }
        #expect(none?.code == .missing)
    }

    /// A dead child that nobody has waited for yet does not run.
    private static func isRunning(_ process: Int32) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        return stat.split(separator: ")").last?.contains(" Z ") == false
    }

    @Test("A file beyond its bound is not written to its end")
    func fileSize() async throws {
        let program = GitProgram(environment: ["PATH": "/usr/bin:/bin"], fileBytesMax: 64 << 10)
        let path = FileManager.default.temporaryDirectory.appending(path: "l45-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let result = try await program.run(
            ["if=/dev/zero", "of=\(path)", "bs=4096", "count=100"], seconds: 30, program: "dd")
        #expect(result.status != 0)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect(size == 64 << 10)
    }
}
