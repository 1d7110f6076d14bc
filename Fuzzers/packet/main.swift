import Foundation

/// One execution; libFuzzer looks for it by this name.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    PacketProbe.run(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}

// The package manager makes this file's code the program's main, in the place of libFuzzer's own: it calls the driver.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

// `--seeds FOLDER` writes packets to begin with.
if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "--seeds" {
    for (index, seed) in PacketProbe.seeds().enumerated() {
        let path = "\(CommandLine.arguments[2])/seed-\(index)"
        guard FileManager.default.createFile(atPath: path, contents: Data(seed)) else {
            fatalError("cannot write \(path)")
        }
    }
} else {
    var argumentCount = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    _ = runDriver(&argumentCount, &arguments, fuzzOneInput)
}
