import L45Model

/// Most of the fleet silent is an outage of ours, not drift: nothing new is decided until it is over.
///
/// Tables that were decided before are still sent to devices that are connected and lack them: a receiver that lost its
/// modules loses messages until it has them back, and sending what it should already run cannot make that worse.
struct Brake {
    let on: Bool

    init(_ devices: [DeviceStanding], policy: RolloutPolicy) {
        var known = 0
        var silent = 0
        for device in devices
        where !(device.snapshot.plan?.modules.isEmpty ?? true) || !(device.snapshot.table?.modules.isEmpty ?? true) {
            known += 1
            if !device.fresh { silent += 1 }
        }
        on = known >= policy.brakeDevicesMin && Double(silent) > policy.brakeShare * Double(known)
    }
}
