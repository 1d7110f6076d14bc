import CNetlink
import KernelTap
import L45Model
import Testing

/// Whether the kernel that the tests run on has the module.
private let isLoaded: Bool = {
    guard let socket = nl_socket_alloc() else { return false }
    defer { nl_socket_free(socket) }
    return genl_connect(socket) == 0 && genl_ctrl_resolve(socket, "l45") > 0
}()

@Suite("Which tap an agent takes")
struct TapChoiceTests {
    @Test(
        "Without the module, auto takes the user-space tap and says nothing",
        .disabled(if: isLoaded, "l45.ko is loaded here"))
    func automatic() throws {
        let scratch = try Scratch()
        var passedOver: [TapError] = []
        let tap = try TapChoice.auto.open(folder: "\(scratch.path)/tap", locksFolder: "\(scratch.path)/locks") {
            passedOver.append($0)
        }
        guard case .preload(let preload) = tap else {
            Issue.record("not the user-space tap")
            return
        }
        #expect(preload.folder == "\(scratch.path)/tap")
        #expect(passedOver.isEmpty)
    }

    @Test(
        "Without the module, the kernel tap that was asked for is refused with the way out",
        .disabled(if: isLoaded, "l45.ko is loaded here"))
    func byName() throws {
        let scratch = try Scratch()
        let error = #expect(throws: TapError.moduleMissing) {
            try TapChoice.kernel.open(folder: "\(scratch.path)/tap", locksFolder: "\(scratch.path)/locks")
        }
        #expect(error?.description.contains("modprobe l45") == true)
        #expect(error?.description.contains("--tap-kind preload") == true)
    }
}
