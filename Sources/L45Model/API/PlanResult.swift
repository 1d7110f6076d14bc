/// Intents to be planned, and what is to be told of the plan. Changes nothing.
package struct PlanRequest: Hashable, Codable, Sendable {
    package var sources: [APISource]
    /// Withdraw every intent that the sources do not name.
    package var prune: Bool
    /// The smallest MTU of the paths, in bytes with the IP header; 576 to 65535.
    package var mtuBytes: Int
    /// Send the inventory along, cut to so many devices (at most `devicesMax`), for a simulation; 0: none.
    package var inventoryDevices: Int
    /// The inventory beside the intents, which are planned for devices with its labels; nil: there is none.
    package var declares: DeclareRequest?
    /// What would apply them, as of `ApplyRequest`; nil: it does not say.
    package var manager: String?

    package static let mtuRange = 576...65_535
    package static let devicesMax = 1_000

    package init(
        sources: [APISource], prune: Bool = false, mtuBytes: Int = 1500, inventoryDevices: Int = 0,
        declares: DeclareRequest? = nil, manager: String? = nil
    ) {
        self.declares = declares
        self.manager = manager
        self.sources = sources
        self.prune = prune
        self.mtuBytes = mtuBytes
        self.inventoryDevices = inventoryDevices
    }
}

/// What an apply would do, what would follow, and what is proved of it.
package struct PlanResult: Hashable, Codable, Sendable {
    /// As of a dry run.
    package var change: ApplyResult
    /// Flows whose edition changes, sorted by flow.
    package var rotations: [PlanRotation]
    /// Of the flows that change, and of all that share sockets with them.
    package var proofs: [PlanProof]
    package var inventory: PlanInventory?

    package init(
        change: ApplyResult, rotations: [PlanRotation], proofs: [PlanProof], inventory: PlanInventory? = nil
    ) {
        self.change = change
        self.rotations = rotations
        self.proofs = proofs
        self.inventory = inventory
    }
}

/// A flow that would begin, change its edition, or end.
package struct PlanRotation: Hashable, Codable, Sendable {
    package var flow: FlowName
    /// nil: it is new.
    package var from: Epoch?
    /// nil: it is withdrawn.
    package var to: Epoch?
    /// Devices at each end, of before and after together.
    package var clients: Int
    package var servers: Int
    /// How it goes round, `in waves 1, 10%, rest`; nil: to every device at once.
    package var waves: String?
    /// The least time that it takes on a fleet that answers at once; nil: no old edition has to be waited for.
    package var leastSeconds: Double?

    package init(
        flow: FlowName, from: Epoch?, to: Epoch?, clients: Int, servers: Int, waves: String? = nil,
        leastSeconds: Double? = nil
    ) {
        self.flow = flow
        self.from = from
        self.to = to
        self.clients = clients
        self.servers = servers
        self.waves = waves
        self.leastSeconds = leastSeconds
    }
}

/// The fleet and its intents before and after: what a simulation starts from. No key is in it.
package struct PlanInventory: Hashable, Codable, Sendable {
    /// Sorted by id.
    package var devices: [Device]
    /// Of how many.
    package var devicesAll: Int
    /// Those that take part in an intent that changes.
    package var devicesConcerned: Int
    /// Intents in force, and intents as they would be; sorted by name.
    package var before: [IntentRecord]
    package var after: [IntentRecord]
    /// Intents that are created, changed or withdrawn.
    package var touched: [IntentName]
    /// Milliseconds for which old decoders stay.
    package var drainBound: Span

    package init(
        devices: [Device], devicesAll: Int, devicesConcerned: Int, before: [IntentRecord], after: [IntentRecord],
        touched: [IntentName], drainBound: Span
    ) {
        self.devices = devices
        self.devicesAll = devicesAll
        self.devicesConcerned = devicesConcerned
        self.before = before
        self.after = after
        self.touched = touched
        self.drainBound = drainBound
    }
}
