import L45Model

extension WirePathGate {
    /// Seven extensions at two ends, and room to grow.
    static let gatesMax = 64

    init(_ gate: PathGate) {
        subject = WirePathExtension(gate.subject)
        switch gate.end {
        case .opening: end = .opening
        case .accepting: end = .accepting
        }
        if let bytes = gate.mssBytes { mssBytes = Int64(bytes) }
    }

    func value() throws(WireError) -> PathGate {
        let place: PathEnd
        switch end {
        case .opening: place = .opening
        case .accepting: place = .accepting
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown("end", end.rawValue)
        }
        let range = Int64(PathPolicy.mssRange.lowerBound)...Int64(PathPolicy.mssRange.upperBound)
        return PathGate(
            try subject.value("subject"), at: place,
            mssBytes: hasMssBytes ? try WireCheck.count(mssBytes, "mss_bytes", in: range) : nil)
    }

    static func list(_ gates: [WirePathGate], _ field: String) throws(WireError) -> [PathGate] {
        var values: [PathGate] = []
        for (at, gate) in try WireCheck.list(gates, field, max: gatesMax).enumerated() {
            values.append(try WireError.at("\(field)[\(at)]") { () throws(WireError) in try gate.value() })
        }
        return values
    }
}

extension WirePathExtension {
    init(_ subject: PathExtension) {
        switch subject {
        case .ecn: self = .ecn
        case .windowScaling: self = .windowScaling
        case .timestamps: self = .timestamps
        case .sack: self = .sack
        case .mss: self = .mss
        case .mptcp: self = .mptcp
        case .tfo: self = .tfo
        }
    }

    func value(_ field: String) throws(WireError) -> PathExtension {
        switch self {
        case .ecn: .ecn
        case .windowScaling: .windowScaling
        case .timestamps: .timestamps
        case .sack: .sack
        case .mss: .mss
        case .mptcp: .mptcp
        case .tfo: .tfo
        case .unspecified, .UNRECOGNIZED: throw WireCheck.unknown(field, rawValue)
        }
    }
}
