import Foundation
import KernelTap

// NetlinkTap against the real module, in a machine that may be broken: run by kmod/tests in QEMU, never on a host.
//
//   kernel-tap-probe MODULE.ko    loads and unloads it too; prints a line for each check, then "N passed, M failed"
//   kernel-tap-probe as-nobody | in-namespace    what the first one runs of itself

let arguments = CommandLine.arguments.dropFirst()
switch arguments.first {
case "as-nobody": Inmates.asNobody()
case "in-namespace": Inmates.inNamespace()
case .some(let module) where module.hasSuffix(".ko"):
    var checks = Checks()
    TapStory.run(module: module, &checks)
    print("\(checks.passed) passed, \(checks.failed) failed")
    exit(checks.failed == 0 && checks.passed > 0 ? 0 : 1)
default:
    print("usage: kernel-tap-probe MODULE.ko")
    exit(2)
}
