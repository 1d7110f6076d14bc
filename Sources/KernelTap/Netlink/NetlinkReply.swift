import CNetlink

/// What a message from the kernel says in answer to a request. Pure.
package enum NetlinkReply {
    /// A command of the family, with its attributes.
    case data(command: UInt8, Attributes, interrupted: Bool)
    /// The request was carried out.
    case acknowledged
    /// The end of a dump; `interrupted`: what was dumped changed meanwhile (NLM_F_DUMP_INTR).
    case done(interrupted: Bool)
    case refused(NetlinkRefusal)
    /// Nothing to do with a request (NLMSG_NOOP), or another family.
    case other

    /// - Throws: `NetlinkMalformed`.
    package init(_ message: NetlinkMessage, family: UInt16) throws(NetlinkMalformed) {
        let interrupted = message.flags & UInt16(NLM_F_DUMP_INTR) != 0
        switch Int32(message.type) {
        case NLMSG_ERROR:
            let refusal = try NetlinkRefusal(error: message)
            self = refusal.errno == 0 ? .acknowledged : .refused(refusal)
        case NLMSG_DONE:
            let refusal = try NetlinkRefusal(done: message)
            self = refusal.errno == 0 ? .done(interrupted: interrupted) : .refused(refusal)
        case Int32(family):
            guard message.body.count >= NetlinkMessage.genericHeaderBytes, let command = message.body.first else {
                throw NetlinkMalformed("an answer of \(message.body.count) bytes has no command")
            }
            self = .data(
                command: command, try Attributes(message.body.dropFirst(NetlinkMessage.genericHeaderBytes)),
                interrupted: interrupted)
        default: self = .other
        }
    }
}

/// The kernel's no: a number, and (extack) what it says of it.
package struct NetlinkRefusal: Hashable, Sendable {
    /// Positive; 0: it is none.
    package var errno: Int32
    /// The kernel's own words, with the attribute that it means where it names one; empty when it says nothing.
    package var text: String

    package init(errno: Int32, text: String) {
        self.errno = errno
        self.text = text
    }

    /// NLMSG_ERROR: `[error s32][header of the request 16][its body, unless NLM_F_CAPPED][attributes, if NLM_F_ACK_TLVS]`.
    init(error message: NetlinkMessage) throws(NetlinkMalformed) {
        guard let error = HostNumber<Int32>(message.body.prefix(4))?.value,
            let requestBytes = HostNumber<UInt32>(message.body.dropFirst(4).prefix(4))?.value,
            message.body.count >= 4 + NetlinkMessage.headerBytes
        else { throw NetlinkMalformed("an error message of \(message.body.count) bytes") }
        var rest = message.body.dropFirst(4 + NetlinkMessage.headerBytes)
        // An acknowledgement never carries the body of what it acknowledges.
        if error != 0, message.flags & UInt16(NLM_F_CAPPED) == 0 {
            let bodyBytes = max(0, Int(requestBytes) - NetlinkMessage.headerBytes)
            rest = rest.dropFirst(Netlink.aligned(bodyBytes))
        }
        try self.init(error, message.flags, rest)
    }

    /// NLMSG_DONE: `[error s32][attributes, if NLM_F_ACK_TLVS]`; the number is missing in old kernels.
    init(done message: NetlinkMessage) throws(NetlinkMalformed) {
        let error = HostNumber<Int32>(message.body.prefix(4))?.value ?? 0
        // Some dumps end with a count.
        try self.init(min(error, 0), message.flags, message.body.dropFirst(4))
    }

    private init(_ error: Int32, _ flags: UInt16, _ rest: ArraySlice<UInt8>) throws(NetlinkMalformed) {
        // -Int32.min does not exist.
        errno = error == .min ? .max : abs(error)
        text = ""
        guard flags & UInt16(NLM_F_ACK_TLVS) != 0 else { return }
        let attributes = try Attributes(rest)
        text = attributes.text(NLMSGERR_ATTR_MSG) ?? ""
        guard errno != 0 else { return }
        if let missing = try attributes.number(NLMSGERR_ATTR_MISS_TYPE, as: UInt32.self) {
            text += text.isEmpty ? "" : " "
            text += "(attribute \(missing) is missing)"
        } else if text.isEmpty, let offset = try attributes.number(NLMSGERR_ATTR_OFFS, as: UInt32.self) {
            text = "the attribute at byte \(offset) of the message"
        }
    }
}
