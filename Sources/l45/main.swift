import Foundation
import L45Command

exit(await CommandLineTool.run(Array(CommandLine.arguments.dropFirst())))
