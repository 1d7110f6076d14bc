import Foundation
import L45Command

let arguments = Array(CommandLine.arguments.dropFirst())
// Before the first await: from there on this is another thread.
if let status = CommandLineTool.becomeProgram(arguments) { exit(status) }
exit(await CommandLineTool.run(arguments))
