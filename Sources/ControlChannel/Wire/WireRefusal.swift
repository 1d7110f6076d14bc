extension WireRefusal {
    init(_ refusal: ChannelRefusal) {
        code = WireRefusalCode(refusal.code)
        text = refusal.text
    }

    /// A code that is newer than this end counts as `closed`: the text says what happened.
    var value: ChannelRefusal { ChannelRefusal(code.value, WireCheck.prose(text, max: 2048)) }
}

extension WireRenewalRefused {
    init(_ refusal: ChannelRefusal) {
        code = WireRefusalCode(refusal.code)
        text = refusal.text
    }

    var value: ChannelRefusal { ChannelRefusal(code.value, WireCheck.prose(text, max: 2048)) }
}

extension WireRefusalCode {
    private static let pairs: [(WireRefusalCode, ChannelRefusal.Code)] = [
        (.protocolVersion, .protocolVersion), (.protocolOrder, .protocolOrder), (.frameTooLong, .frameTooLong),
        (.frameMalformed, .frameMalformed), (.certificateMissing, .certificateMissing),
        (.certificateOfOtherAuthority, .certificateOfOtherAuthority), (.certificateExpired, .certificateExpired),
        (.certificateInvalid, .certificateInvalid), (.deviceNotAllowed, .deviceNotAllowed), (.superseded, .superseded),
        (.tokenUnknown, .tokenUnknown), (.tokenExpired, .tokenExpired), (.tokenUsed, .tokenUsed),
        (.requestInvalid, .requestInvalid), (.unavailable, .unavailable), (.silent, .silent), (.tooSlow, .tooSlow),
        (.closed, .closed), (.certificateRevoked, .certificateRevoked), (.deviceElsewhere, .deviceElsewhere),
        (.crowded, .crowded), (.tlsFailed, .tlsFailed),
    ]

    init(_ code: ChannelRefusal.Code) {
        self = Self.pairs.first { $0.1 == code }?.0 ?? .unspecified
    }

    var value: ChannelRefusal.Code { Self.pairs.first { $0.0 == self }?.1 ?? .closed }
}
