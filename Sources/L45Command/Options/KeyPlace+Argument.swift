import ArgumentParser
import Orchestrator

extension KeyPlace: ExpressibleByArgument {
    package init?(argument: String) { self.init(argument) }

    static let help = ArgumentHelp(
        "Where the key is that opens the state: file:PATH, credential:NAME (of systemd), or command:/PROGRAM ARGUMENT... that "
            + "prints it. The default is root.key in the state folder.", valueName: "place")
}
