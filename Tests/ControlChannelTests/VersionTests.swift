import L45Model
import NIOCore
import Testing

@testable import ControlChannel

@Suite("Versions of the protocol")
struct VersionTests {
    @Test("The newest that both speak is chosen; neighbours understand each other, strangers do not")
    func choice() {
        #expect(ChannelProtocol.choose(1...2, 2...3) == 2)
        #expect(ChannelProtocol.choose(2...3, 1...2) == 2)
        #expect(ChannelProtocol.choose(1...4, 2...3) == 3)
        #expect(ChannelProtocol.choose(1...1, 2...3) == nil)
        #expect(WireHello.protocols(3, 2) == 0...0)
    }
}

/// Either end may be one minor version ahead: it sends fields that the other does not know, and lacks those that the other has since.
@Suite("A neighbour's messages")
struct NeighbourTests {
    private let schema: WireSchema
    /// Every kind of message, with its bytes taken apart, and whether agents send it.
    private let samples: [(tree: WireTree, fromAgent: Bool)]

    init() throws {
        let schema = try WireSchema()
        var random = Seeded(0x6e)
        var samples: [(WireTree, Bool)] = []
        for _ in 0..<2 {
            for message in Sample.agentMessages(&random) {
                let frame = Self.payload(try EncodedFrame(message))
                samples.append((try #require(WireTree(frame, "AgentFrame", schema)), true))
            }
            for message in Sample.orchestratorMessages(&random) {
                let frame = Self.payload(try EncodedFrame(message))
                samples.append((try #require(WireTree(frame, "OrchestratorFrame", schema)), false))
            }
        }
        self.schema = schema
        self.samples = samples
    }

    private static func payload(_ frame: EncodedFrame) -> [UInt8] {
        Array(frame.bytes.readableBytesView.dropFirst(Frame.prefixBytes))
    }

    /// What a message reads as.
    private enum Reading: Hashable {
        case agent(AgentInbound)
        case orchestrator(OrchestratorInbound)
        case refused(String)

        var isUnknown: Bool { self == .agent(.unknown) || self == .orchestrator(.unknown) }
        /// Why it is refused as a whole, or the table in it.
        var why: String? {
            switch self {
            case .refused(let why), .orchestrator(.tableInvalid(_, let why)): why
            case .orchestrator(.message(.pathsInvalid(_, let why))): why
            case .agent, .orchestrator: nil
            }
        }
    }

    private func reading(_ tree: WireTree, fromAgent: Bool) -> Reading {
        let bytes = ByteBuffer(bytes: tree.bytes)
        do throws(ChannelRefusal) {
            return fromAgent
                ? .agent(try WireAgentFrame.decode(bytes)) : .orchestrator(try WireOrchestratorFrame.decode(bytes))
        } catch {
            return .refused(error.text)
        }
    }

    @Test("The walk knows every message of the protocol, and what it takes apart it puts together again")
    func walk() throws {
        #expect(schema.messages.count > 40)
        #expect(schema.messages["DeviceTable"]?[3] == WireSchema.Field(name: "modules", message: "ModuleEntry"))
        for sample in samples {
            let name = sample.fromAgent ? "AgentFrame" : "OrchestratorFrame"
            let again = try #require(WireTree(sample.tree.bytes, name, schema))
            #expect(again.bytes == sample.tree.bytes)
            #expect(reading(sample.tree, fromAgent: sample.fromAgent).why == nil)
        }
    }

    @Test("Fields that a newer neighbour has, in any message at any depth, before or behind the others, change nothing")
    func newer() {
        var plans = 0
        var misread = 0
        for sample in samples {
            let plain = reading(sample.tree, fromAgent: sample.fromAgent)
            let altered = sample.tree.each { message in
                WireTree.strangers.flatMap { stranger in
                    var first = message
                    var last = message
                    first.parts.insert(stranger, at: 0)
                    last.parts.append(stranger)
                    return [first, last]
                }
            }
            for tree in altered {
                plans += 1
                if reading(tree, fromAgent: sample.fromAgent) != plain { misread += 1 }
            }
        }
        #expect(misread == 0)
        print("versions: \(plans) plans of a newer neighbour")
        #expect(plans > 3000)
    }

    @Test(
        "Without what came after the first release a message says the same of all else, and one that is new is passed over"
    )
    func older() throws {
        var plans = 0
        for sample in samples {
            let early = sample.tree.early
            let said = reading(early, fromAgent: sample.fromAgent)
            plans += 1
            if early.parts.isEmpty {
                #expect(said.isUnknown)
            } else if early.bytes == sample.tree.bytes {
                #expect(said == reading(sample.tree, fromAgent: sample.fromAgent))
            } else {
                #expect(said.why == nil)
            }
        }
        var random = Seeded(0x6f)
        for message in Sample.agentMessages(&random) {
            guard case .hello(let hello) = message else { continue }
            let tree = try #require(WireTree(Self.payload(try EncodedFrame(message)), "AgentFrame", schema)).early
            guard case .hello(let early, _) = try WireAgentFrame.decode(ByteBuffer(bytes: tree.bytes)) else {
                Issue.record("no hello")
                continue
            }
            plans += 1
            #expect(early.pathGeneration == nil)
            #expect(early.facts.name == hello.facts.name && early.ledgerGeneration == hello.ledgerGeneration)
        }
        print("versions: \(plans) plans of an older neighbour")
        #expect(plans > 20)
    }

    @Test(
        "Whichever single field a neighbour leaves out, the message is taken, or refused with the field's name"
    )
    func lacking() {
        var plans = 0
        var refused = 0
        var unnamed: [String] = []
        for sample in samples {
            let altered = sample.tree.each { message in
                message.parts.indices.map { at in
                    var copy = message
                    copy.parts.remove(at: at)
                    return copy
                }
            }
            for tree in altered {
                plans += 1
                guard let why = reading(tree, fromAgent: sample.fromAgent).why else { continue }
                refused += 1
                // The field by its name, as `set.modules[0].plan`, and what is wrong with it.
                if why.isEmpty || !why.contains(": ") { unnamed.append(why) }
            }
        }
        #expect(unnamed.isEmpty)
        print("versions: \(plans) plans with a field left out, \(refused) refused by name")
        #expect(plans > 1000 && refused > 100 && refused < plans)
    }
}
