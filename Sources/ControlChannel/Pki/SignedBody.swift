import Foundation
import SwiftProtobuf

/// What a device is told that is not a table and must not come from anybody but the orchestrator: paths, their keys, and whom to
/// trust. Signed as it stands on the wire, fields of a newer release included, since who does not know them passes them on.
struct SignedBody: Hashable, Sendable {
    enum Kind: String, Hashable, Sendable {
        case paths = "path table"
        case pathKeys = "path keys"
        case trust = "authorities"
    }
    let kind: Kind
    /// What is signed: the kind, and the body's bytes. Paths and keys name their device and generation or time themselves.
    let content: Data

    /// nil: a body that is not signed this way.
    init?(_ frame: WireOrchestratorFrame) throws {
        let body: any SwiftProtobuf.Message
        switch frame.body {
        case .setPaths(let table): (kind, body) = (.paths, table)
        case .pathKeys(let keys): (kind, body) = (.pathKeys, keys)
        case .trust(let trust): (kind, body) = (.trust, trust)
        default: return nil
        }
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        let bytes: Data = try body.serializedBytes(options: options)
        content = Data("l45 \(kind.rawValue) 1\0".utf8) + bytes
    }
}
