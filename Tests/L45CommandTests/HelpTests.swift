import ArgumentParser
import Testing

@testable import L45Command

@Suite("Help")
struct HelpTests {
    @Test("l45 --help, at 80 columns")
    func root() {
        #expect(L45.helpMessage(columns: 80) == rootHelp)
    }

    @Test("Every verb has a sentence for an abstract, and its examples begin with l45")
    func verbs() {
        for verb in L45.configuration.subcommands {
            let configuration = verb.configuration
            #expect(configuration.abstract.hasSuffix("."), "\(verb)")
            let examples = configuration.discussion.split(separator: "\n").filter { $0.hasPrefix("  ") }
            #expect(examples.allSatisfy { $0.contains("l45 ") }, "\(verb)")
        }
    }
}

private let rootHelp = """
    OVERVIEW: Customize network protocols of running programs, by intent.

    Write down what you want as YAML, apply it, and the orchestrator brings every
    device there and keeps it there.

      l45 apply -f intents/ --wait    make a folder of intents so, and wait
      l45 diff -f intents/            what would change
      l45 get devices                 who is there, and what it runs
      l45 rollout status dns --watch  how far a rotation has come
      l45 run -- dig example.org      run a program under the tap

    Verbs that talk to the orchestrator take --server PATH, its socket or its state
    folder, or --server HOST:PORT with --certificate or --token-file; the default
    is $L45_SERVER, else where 'l45 nco' puts it.

    Exit status: 0 well; 1 it differs (diff), or did not come about in time (wait,
    --wait); 2 usage or bad input, nothing changed; 3 the orchestrator cannot be
    reached; 4 the orchestrator refused; 5 the rollout that was waited for is
    halted.

    USAGE: l45 VERB ...

    OPTIONS:
      --version               Show the version.
      -h, --help              Show help information.

    INTENTS SUBCOMMANDS:
      apply                   Make intents so.
      diff                    Show what an apply would change, device by device.
      plan                    Show what an apply would change and start, and what
                              is proved of it.
      validate                Find every mistake in files of intents, without an
                              orchestrator.
      edit                    Open an intent's document in your editor, and apply
                              what you save.
      delete                  Withdraw intents.
      explain                 Say why an intent is not done, or show intents in
                              their long form.
      schema                  Print the language of intents, for editors or for
                              people.
      source                  Follow git repositories of intents.

    FLEET SUBCOMMANDS:
      get                     List devices, intents, modules, rollouts, paths,
                              middleboxes, the posture, alerts, events or git
                              sources.
      watch                   List resources, and go on to show what changes of
                              them.
      describe                Show all about one device, intent, module, path,
                              middlebox, posture, alert or git source.
      tree                    Show what hangs on an intent or a device: plans,
                              modules, sockets, paths, and how each stands.
      trace                   Follow one flow: which intent has it, which module at
                              each end, and why none when none.
      top                     Show who talks most in dialects: devices, modules,
                              intents or flows, a second.
      events                  Show what happened, of everything or of one subject.
      logs                    Print the orchestrator's trail as log lines, of
                              everything or of one subject.
      alerts                  See what is wrong, and say that you look after it.
      rollout                 See and steer how an intent comes about.
      threat-level            See and change the level of the posture.
      wait                    Wait until something has come about.
      label                   Change the operator's labels of a device.
      forget                  Drop a device that will not come back.
      readmit                 Let a device take part again that failed a security
                              check.
      import                  Declare devices, their labels and groups: from a
                              document, CSV, Ansible or a script.
      export                  Print all intents, the posture and the inventory as
                              documents that apply takes back.
      token                   Let devices enrol.
      device                  Act on one device's access.
      ca                      See and change the authority that certifies devices.

    OPERATORS SUBCOMMANDS:
      operator                Say who may operate, and on which devices.
      audit                   Show what operators did, and whether that record is
                              whole.

    PATHS SUBCOMMANDS:
      probe                   Find out what paths do to handshake headers.
      survey                  Find out what many paths do to handshake headers.
      respond                 Answer HICCUPS probes, also on services' ports.
      lab                     Make paths with middleboxes on this machine, to try
                              things on.

    MACHINE SUBCOMMANDS:
      nco                     Run the orchestrator.
      agent                   Run the agent of this device.
      run                     Run a program under the user-space tap.
      check                   Look whether this machine is fit to be an agent or an
                              orchestrator, and what to do where not.
      rotate-key              Replace the key that opens the orchestrator's state.

    OTHER SUBCOMMANDS:
      demo                    Set up a playground: an orchestrator and simulated
                              devices, on this machine and without privileges.
      simulate                Run rotations of a simulated fleet in virtual time,
                              with everything failing that can.
      completion              Print the script that makes a shell complete l45.
      manual                  Show a page of the manual, or write all pages to a
                              folder.
      version                 Show the version of this command and of the
                              orchestrator.

      See 'l45 help <subcommand>' for detailed help.
    """
