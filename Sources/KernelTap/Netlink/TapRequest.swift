package import CL45Netlink

/// A command to the kernel tap: what follows the netlink header of a request. Pure.
package struct TapRequest: Hashable, Sendable {
    /// enum l45_command.
    package var command: UInt8
    package var attributes: [UInt8]

    package init(_ command: l45_command, _ fill: (inout AttributeWriter) -> Void = { _ in }) {
        var writer = AttributeWriter()
        fill(&writer)
        self.init(command, attributes: writer.bytes)
    }

    init(_ command: l45_command, attributes: [UInt8]) {
        self.command = UInt8(truncatingIfNeeded: command.rawValue)
        self.attributes = attributes
    }

    /// In the words of the error that names it.
    var name: String {
        switch UInt32(command) {
        case L45_CMD_STATUS.rawValue: "its status"
        case L45_CMD_BEGIN.rawValue: "the start of a table"
        case L45_CMD_ADD.rawValue: "modules of a table"
        case L45_CMD_COMMIT.rawValue: "the end of a table"
        case L45_CMD_FLUSH.rawValue: "letting go of its table"
        case L45_CMD_MODULES.rawValue: "the list of its modules"
        case L45_CMD_SOCKETS.rawValue: "the list of its sockets"
        case L45_CMD_RESPOND.rawValue: "the answer to a challenge"
        default: "command \(command)"
        }
    }
}
