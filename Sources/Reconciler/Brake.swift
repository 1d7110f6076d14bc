import L45Model

/// Most of the fleet silent is an outage of ours, not drift: nothing new is decided until it is over.
///
/// Tables that were decided before are still sent to devices that are connected and lack them: a receiver that lost its
/// modules loses messages until it has them back, and sending what it should already run cannot make that worse.
package struct Brake {
    package let on: Bool

    package init(_ devices: some Sequence<DeviceSnapshot>, policy: RolloutPolicy) {
        var known = 0
        var silent = 0
        for device in devices where device.runsSomething {
            known += 1
            if !device.isFresh { silent += 1 }
        }
        on = known >= policy.brakeDevicesMin && Double(silent) > policy.brakeShare * Double(known)
    }
}
