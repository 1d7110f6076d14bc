/// One flow, to be looked up at both of its ends.
package struct TraceRequest: Hashable, Codable, Sendable {
    /// The device that opens it: name, id or the start of an id.
    package var device: String
    package var transport: Transport
    /// Where it goes: one address.
    package var address: AddressBlock
    package var port: UInt16
    /// The program that opens it, as the kernel names it; nil: any.
    package var program: String?

    package init(device: String, transport: Transport, address: AddressBlock, port: UInt16, program: String? = nil) {
        self.device = device
        self.transport = transport
        self.address = address
        self.port = port
        self.program = program
    }
}

/// What becomes of one flow, and why.
package struct TraceView: Hashable, Codable, Sendable {
    package enum Verdict: String, Hashable, Codable, Sendable {
        /// Its opener sends a dialect that the other end decodes, by their taps' own reports.
        case customized
        /// Both ends have it, and nobody sends it yet or any more.
        case standby
        /// No module sends in it.
        case plain
        /// Its opener sends a dialect, and no module of the other end is known to decode it.
        case undecoded
    }

    /// One end of it.
    package struct End: Hashable, Codable, Sendable {
        package var device: DeviceID
        package var name: String
        package var connected: Bool
        /// Modules that its socket falls under: the one that sends first, then by priority.
        package var modules: [ModuleView]
        /// Of other modules of the device, why the flow does not fall under them: the nearest first, at most
        /// `nearMax`.
        package var near: [String]

        package static let nearMax = 5

        package init(device: DeviceID, name: String, connected: Bool, modules: [ModuleView], near: [String]) {
            self.device = device
            self.name = name
            self.connected = connected
            self.modules = modules
            self.near = near
        }
    }

    package var verdict: Verdict
    /// One sentence: who does what, or why nobody does.
    package var reason: String
    package var intent: IntentName?
    package var flow: FlowName?
    package var epoch: Epoch?
    package var from: End
    /// nil: the address is of no device.
    package var to: End?

    package init(
        verdict: Verdict, reason: String, intent: IntentName?, flow: FlowName?, epoch: Epoch?, from: End, to: End?
    ) {
        self.verdict = verdict
        self.reason = reason
        self.intent = intent
        self.flow = flow
        self.epoch = epoch
        self.from = from
        self.to = to
    }
}
