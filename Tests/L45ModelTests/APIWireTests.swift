import Foundation
import L45Model
import Testing

@Suite("The operator API on the wire")
struct APIWireTests {
    private static let requests: [(APIRequest, String)] = [
        (
            .apply(ApplyRequest(sources: [APISource(origin: "a.yaml", text: "x: 1")], prune: true)),
            #"{"api":"l45/v1","body":{"dryRun":false,"prune":true,"sources":[{"origin":"a.yaml","text":"x: 1"}]},"verb":"apply"}"#
        ),
        (
            .plan(PlanRequest(sources: [APISource(origin: "a.yaml", text: "x: 1")], mtuBytes: 1280)),
            #"{"api":"l45/v1","body":{"inventoryDevices":0,"mtuBytes":1280,"prune":false,"sources":[{"origin":"a.yaml","text":"x: 1"}]},"verb":"plan"}"#
        ),
        (
            .delete(DeleteRequest(intents: [IntentName("dns")])),
            #"{"api":"l45/v1","body":{"intents":["dns"]},"verb":"delete"}"#
        ),
        (
            .get(ResourceQuery(.modules, selector: ["role": "web"], intent: IntentName("dns"))),
            #"{"api":"l45/v1","body":{"intent":"dns","kind":"modules","names":[],"selector":{"role":"web"}},"verb":"get"}"#
        ),
        (
            .events(EventQuery(after: 7, limit: 10)),
            #"{"api":"l45/v1","body":{"after":7,"limit":10},"verb":"events"}"#
        ),
        (
            .rollout(RolloutRequest(.undo, IntentName("dns"))),
            #"{"api":"l45/v1","body":{"intent":"dns","verb":"undo"},"verb":"rollout"}"#
        ),
        (
            .createToken(TokenRequest(ttl: .seconds(60))),
            #"{"api":"l45/v1","body":{"labels":{},"ttl":60000},"verb":"create-token"}"#
        ),
        (
            .setLabels(LabelRequest(device: "web-1", set: ["a": "b"], remove: ["c"])),
            #"{"api":"l45/v1","body":{"device":"web-1","remove":["c"],"set":{"a":"b"}},"verb":"set-labels"}"#
        ),
        (
            .forgetDevice(DeviceRequest(device: "web-1")),
            #"{"api":"l45/v1","body":{"device":"web-1"},"verb":"forget-device"}"#
        ),
        (
            .readmitDevice(DeviceRequest(device: "web-1")),
            #"{"api":"l45/v1","body":{"device":"web-1"},"verb":"readmit-device"}"#
        ),
        (
            .evictDevice(EvictRequest(device: "web-1", reason: "stolen")),
            #"{"api":"l45/v1","body":{"device":"web-1","reason":"stolen"},"verb":"evict-device"}"#
        ),
        (
            .authority(AuthorityRequest(rotate: true)), #"{"api":"l45/v1","body":{"rotate":true},"verb":"authority"}"#
        ),
        (
            .setLevel(LevelRequest(level: PostureLevel("CPCON2"), by: "alice@ops-1")),
            #"{"api":"l45/v1","body":{"by":"alice@ops-1","level":"CPCON2"},"verb":"set-level"}"#
        ),
        (
            .addOperator(
                OperatorRequest(
                    name: "alice", role: .operate, scope: LabelScope(["site": "paris"]), proof: .user(uid: 7),
                    ttl: .seconds(60))),
            #"{"api":"l45/v1","body":{"name":"alice","proof":{"user":{"uid":7}},"role":"operate","scope":{"site":"paris"},"ttl":60000},"verb":"add-operator"}"#
        ),
        (.operators, #"{"api":"l45/v1","verb":"operators"}"#),
        (
            .removeOperator(OperatorName("alice")),
            #"{"api":"l45/v1","body":{"name":"alice"},"verb":"remove-operator"}"#
        ),
        (.audit(AuditQuery(after: 7, limit: 10)), #"{"api":"l45/v1","body":{"after":7,"limit":10},"verb":"audit"}"#),
        (.verifyAudit(AuditCheck()), #"{"api":"l45/v1","body":{},"verb":"verify-audit"}"#),
        (.version, #"{"api":"l45/v1","verb":"version"}"#),
    ]

    @Test("Each request has the JSON that other programs rely on, and reads back", arguments: requests)
    func request(request: APIRequest, json: String) throws {
        #expect(String(decoding: try CanonicalJSON.encode(request), as: UTF8.self) == json)
        #expect(try APIRequest.decode(Data(json.utf8)) == request)
    }

    @Test("A field that a newer client adds is no obstacle")
    func unknownField() throws {
        let json = #"{"api":"l45/v1","body":{"intents":["dns"],"hurry":true},"trace":"x","verb":"delete"}"#
        #expect(try APIRequest.decode(Data(json.utf8)) == .delete(DeleteRequest(intents: [IntentName("dns")])))
    }

    private static let refused: [(String, APIFailure.Code, String)] = [
        (#"{"api":"l45/v2","verb":"version"}"#, .unsupportedVersion, "'l45/v2'"),
        (#"{"api":"l45/v1","verb":"levitate"}"#, .unknownVerb, "'levitate'"),
        (#"{"verb":"version"}"#, .malformed, "'api' is missing"),
        (#"{"api":"l45/v1","verb":"delete"}"#, .malformed, "'body' is missing"),
        (#"{"api":"l45/v1","verb":"delete","body":{"intents":"dns"}}"#, .malformed, "body.intents"),
        (#"{"api":"l45/v1","verb":"get","body":{"kind":"stars"}}"#, .malformed, "stars"),
        ("hello", .malformed, "cannot be read"),
        ("", .malformed, "cannot be read"),
    ]

    @Test("What is no request is refused with the place", arguments: refused)
    func refusal(json: String, code: APIFailure.Code, part: String) throws {
        let failure = #expect(throws: APIFailure.self) { try APIRequest.decode(Data(json.utf8)) }
        #expect(failure?.code == code)
        #expect(failure?.message.contains(part) == true, "\(failure?.message ?? "")")
    }

    @Test("A failure whose code this build does not know is still a failure")
    func unknownCode() throws {
        let json = #"{"code":"asleep","diagnostics":[],"message":"later"}"#
        let failure = try CanonicalJSON.decode(APIFailure.self, from: Data(json.utf8))
        #expect(failure.code == .internalError)
        #expect(failure.message == "later")
    }

    @Test("Times are RFC 3339 to the millisecond; what never happened has none")
    func time() throws {
        let time = APITime(Timestamp(1_790_000_000_123))
        #expect(time.description == "2026-09-21T14:13:20.123Z")
        #expect(try CanonicalJSON.decode([APITime].self, from: CanonicalJSON.encode([time])) == [time])
        #expect(APITime(known: .never) == nil)
        #expect(APITime("2026-09-21T14:13:20Z")?.timestamp == Timestamp(1_790_000_000_000))
        for text in ["", "Z", "2026-09-21T14:13:20", "2026-09-21T14:13:20.1Z", "2026-09-21T14:13:20.-12Z"] {
            #expect(APITime(text) == nil, "\(text)")
        }
        #expect(throws: DecodingError.self) { try CanonicalJSON.decode([APITime].self, from: Data(#"["noon"]"#.utf8)) }
    }

    @Test("Each millisecond of a second survives the text")
    func milliseconds() throws {
        let times = (0..<1000).map { APITime(Timestamp(1_790_000_000_000 + $0)) }
        #expect(try CanonicalJSON.decode([APITime].self, from: CanonicalJSON.encode(times)) == times)
    }

    @Test("A module's view has no key in it")
    func noKeys() throws {
        let plan = Sample.module()
        let view = ModuleView(plan: plan, device: DeviceID("d"), deviceName: "web-1", decided: nil, report: nil)
        let json = String(decoding: try CanonicalJSON.encode(APIResponse.modules([view])), as: UTF8.self)
        #expect(!json.contains("abab") && !json.contains("cdcd"))
        #expect(json.contains(#""tapSocket":"udp dig/* any > 192.0.2.53:53""#))
        #expect(try CanonicalJSON.decode(APIResponse.self, from: Data(json.utf8)) == .modules([view]))
    }
}
