import CL45Core
import CL45Tap
import L45Model

/// One rule of a tap's table, as its traffic asks of it.
struct PreparedRule: Sendable {
    let module: ModuleID
    let group: UInt64
    let priority: Int32
    let state: l45_tap_state
    let kind: l45_kind
    let isServer: Bool
    let requests: Bool
    let responses: Bool
    let enforces: Bool
    /// At the server, whichever end this is; 0: any.
    let port: UInt16
    let codec: PreparedCodec
    private let remote: PeerAddress
    private let prefixBits: Int

    init?(_ rule: l45_tap_rule, reusing held: PreparedCodec?) {
        if let held, held.isOf(rule.dialect) {
            codec = held
        } else {
            guard let made = PreparedCodec(rule.dialect) else { return nil }
            codec = made
        }
        module = ModuleID(rule.mod_id)
        group = rule.group
        priority = rule.priority
        state = l45_tap_state(rawValue: UInt32(rule.state))
        kind = l45_kind(rawValue: UInt32(rule.dialect.kind))
        isServer = rule.flags & L45_TAP_SERVER.rawValue != 0
        requests = rule.flags & L45_TAP_REQUESTS.rawValue != 0
        responses = rule.flags & L45_TAP_RESPONSES.rawValue != 0
        enforces = rule.flags & L45_TAP_ENFORCE.rawValue != 0
        port = isServer ? rule.local.port : rule.remote.port
        remote = withUnsafeBytes(of: rule.remote.address) { PeerAddress(bytes: $0) }
        prefixBits = Int(rule.remote.prefix_bits)
    }

    func carries(outgoing: Bool) -> Bool { isServer == outgoing ? responses : requests }
    func direction(outgoing: Bool) -> l45_direction { isServer == outgoing ? L45_RESPONSE : L45_REQUEST }

    /// The socket between this device's end and that peer's, on that port of the server.
    func matches(_ peer: PeerAddress, port asked: UInt16, isServer asServer: Bool) -> Bool {
        isServer == asServer && (port == 0 || port == asked) && remote.agrees(with: peer, prefixBits: prefixBits)
    }

    func maySend(_ kind: l45_kind) -> Bool {
        state == L45_TAP_ACTIVE && self.kind == kind && carries(outgoing: true)
    }
    func mayRead(_ kind: l45_kind) -> Bool {
        state != L45_TAP_DEACTIVATED && self.kind == kind && carries(outgoing: false)
    }

    /// What sends before what listens, then by priority: the order of the real taps.
    static func comesFirst(_ a: PreparedRule, _ b: PreparedRule) -> Bool {
        a.rank == b.rank ? a.priority > b.priority : a.rank < b.rank
    }

    private var rank: Int {
        switch state {
        case L45_TAP_ACTIVE: 0
        case L45_TAP_STANDBY: 1
        case L45_TAP_DEPRECATED: 2
        default: 3
        }
    }
}
