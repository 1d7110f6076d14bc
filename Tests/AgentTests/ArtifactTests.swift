import Agent
import ControlChannel
import KernelTap
import L45Model
import NIOCore
import Testing

@Suite("Files that travel with modules")
struct ArtifactTests {
    let file = File(bytes: 200_000)
    var table: DeviceTable { Modules.table(7, Modules.entry(1, artifact: file.reference)) }

    @Test("A file that is missing is asked for first; the table is in force when all of it is there")
    func fetches() {
        var story = Story.connected()
        #expect(story.receive(.set(table)) == [.artifactWanted(file.reference, offset: 0)])
        for offset in file.offsets.dropLast() {
            #expect(story.tell(file.chunk(at: offset)) == [])
            #expect(story.tap.table == nil)
        }
        let messages = story.tell(file.chunk(at: 196_608))
        #expect(messages.reports.last?.generation == Generation(7))
        #expect(story.tap.table == table)
    }

    @Test("A file that is there is not asked for again, nor one that two modules share")
    func held() {
        var story = Story.connected()
        let second = File(bytes: 10, seed: 2)
        let shared = Modules.table(
            7, Modules.entry(1, artifact: file.reference), Modules.entry(2, artifact: file.reference))
        #expect(story.receive(.set(shared)).wanted == [0])
        for offset in file.offsets { story.tell(file.chunk(at: offset)) }
        #expect(story.tap.table == shared)
        let more = Modules.table(
            8, Modules.entry(1, artifact: file.reference), Modules.entry(3, artifact: second.reference))
        #expect(story.receive(.set(more)) == [.artifactWanted(second.reference, offset: 0)])
        #expect(story.tell(second.chunk(at: 0)).reports.last?.generation == Generation(8))
    }

    @Test("After a lost connection the rest alone is asked for")
    func resumes() {
        var story = Story.connected()
        story.receive(.set(table))
        story.tell(file.chunk(at: 0))
        story.tell(file.chunk(at: 65_536))
        story.tell(.disconnected)
        story.tell(.connected)
        #expect(story.receive(.set(table)).wanted == [131_072])
        story.tell(file.chunk(at: 131_072))
        #expect(story.tell(file.chunk(at: 196_608)).reports.last?.generation == Generation(7))
    }

    @Test("Repeats, gaps, empty stretches, stretches past the end and of other files change nothing")
    func strays() {
        var story = Story.connected()
        story.receive(.set(table))
        story.tell(file.chunk(at: 0))
        let past = AgentInput.artifactChunk(
            file.reference, offset: 65_536, bytes: ByteBuffer(repeating: 0, count: 134_465))
        for stray in [
            file.chunk(at: 0), file.chunk(at: 131_072), past,
            .artifactChunk(file.reference, offset: 65_536, bytes: ByteBuffer()),
            File(bytes: 65_536, seed: 9).chunk(at: 0),
        ] {
            #expect(story.tell(stray) == [])
        }
        for offset in file.offsets.dropFirst() { story.tell(file.chunk(at: offset)) }
        #expect(story.tap.table == table)
    }

    @Test("Silence in the middle of a file is answered by asking for the rest again")
    func stalls() {
        var story = Story.connected()
        story.receive(.set(table))
        story.tell(file.chunk(at: 0))
        #expect(story.pass(.milliseconds(4_999)).wanted == [])
        #expect(story.pass(.milliseconds(1)).wanted == [65_536])
        #expect(story.pass(.seconds(15)).wanted == [65_536, 65_536, 65_536])
    }

    @Test("A file with the wrong digest is thrown away and asked for again, three times; then its table is refused")
    func wrongDigest() {
        var story = Story.connected()
        let seven = Modules.table(6, Modules.entry(9))
        story.receive(.set(seven))
        #expect(story.receive(.set(table)).wanted == [0])
        let forged = File(bytes: 200_000, seed: 3)
        var messages: [AgentMessage] = []
        for _ in 0..<3 {
            for offset in forged.offsets {
                guard case .artifactChunk(_, _, let bytes) = forged.chunk(at: offset) else { continue }
                messages += story.tell(.artifactChunk(file.reference, offset: offset, bytes: bytes))
            }
        }
        #expect(messages.wanted == [0, 0])
        #expect(messages.refusals.count == 1)
        #expect(messages.refusals.first?.contains("came 3 times with another digest") == true)
        #expect(story.machine.ledger?.table == seven)
        #expect(story.tap.table == seven)
    }

    @Test("A file that the orchestrator does not have, or that can not be kept, refuses its table")
    func unavailable() {
        var story = Story.connected()
        story.receive(.set(table))
        #expect(story.receive(.artifactMissing(file.reference)).refusals.first?.contains("no such file") == true)
        story.receive(.set(table))
        let full = StateError.full(path: "/s/artifacts/x.part", bytes: 65_536, errno: 28)
        let refusals = story.tell(.artifactFailed(file.reference, reason: "\(full)")).refusals
        #expect(refusals.first?.contains("No space left on device") == true)
        #expect(story.receive(.set(table)).wanted == [0])
    }

    @Test("A digest that is a path, and sizes out of bounds, are refused before anything is asked for")
    func hostileNames() {
        var story = Story.connected()
        let path = ArtifactReference(digest: Digest(hex: "../../../../etc/cron.d/l45"), bytes: 10)
        let upper = ArtifactReference(digest: Digest(hex: String(repeating: "A", count: 64)), bytes: 10)
        for reference in [path, upper] {
            let refusals = story.receive(.set(Modules.table(7, Modules.entry(1, artifact: reference)))).refusals
            #expect(refusals.first?.contains("64 lowercase hex digits") == true)
        }
        for bytes in [0, -1, ArtifactBounds.bytesMax + 1] {
            let reference = ArtifactReference(digest: file.reference.digest, bytes: bytes)
            let refusals = story.receive(.set(Modules.table(7, Modules.entry(1, artifact: reference)))).refusals
            #expect(refusals.first?.contains("artifact of \(bytes) bytes") == true)
        }
        #expect(story.machine.ledger == nil)
    }

    @Test("A newer table takes the place of one whose files are on their way; an older one does not")
    func overtaken() {
        var story = Story.connected()
        story.receive(.set(table))
        story.tell(file.chunk(at: 0))
        #expect(story.receive(.set(Modules.table(6))).refusals.count == 1)
        let eight = Modules.table(8, Modules.entry(1, artifact: file.reference))
        #expect(story.receive(.set(eight)).wanted == [65_536])
        for offset in file.offsets.dropFirst() { story.tell(file.chunk(at: offset)) }
        #expect(story.tap.table == eight)
    }

    @Test("What a device waits for is in its report")
    func waits() {
        var story = Story.connected()
        story.receive(.set(table))
        story.tell(file.chunk(at: 0))
        let problems = story.receive(.reportWanted).reports.first?.problems
        #expect(problems?.first?.contains("65536 of 200000 bytes are here") == true)
    }
}
