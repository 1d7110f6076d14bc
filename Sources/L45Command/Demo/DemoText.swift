import L45Model

/// What a playground says when it is up.
enum DemoText {
    static func welcome(_ folder: DemoFolder, devices: [DemoPlayground.DemoDevice]) -> String {
        let roles = ["resolver", "web", "workstation"].map { role in
            counted(devices.count { $0.role == role }, role == "web" ? "web server" : role)
        }
        return """
            An orchestrator and \(devices.count) simulated devices are up: \(roles.joined(separator: ", ")).
            In another terminal:

              export L45_SERVER=\(folder.state)
              cd \(folder.path)

              l45 get devices                              who is there
              l45 plan -f intents/dns.yaml                 what an intent would do, and what is proved of it
              l45 apply -f intents/ --wait                 make it so, and wait for every tap
              l45 tree intent dns                          intent, plan, device, module, socket
              l45 trace --from ws-1 --to 10.45.0.1:53      which module has a flow, and how it stands
              l45 top                                      who talks how much
              l45 rollout rotate dns && l45 rollout status dns --watch
              l45 edit intent dns                          change it in your editor
              l45 rollout undo dns --wait                  and back
              l45 delete intent dns

            Ctrl-C ends it\(folder.isKept ? "; the folder stays" : " and removes the folder").
            """
    }
}
