package import L45Model

/// Decides which keys each device has: for every path that is guarded, the end that answers accepts those of three epochs, and the
/// end that opens signs with the newest one that the other has said it holds.
///
/// Level-triggered and pure, as `PathStep`: the same from any state. Make before break follows, since nobody signs with what
/// is not confirmed, and no key is taken away that an opener may still sign with.
package struct PathKeyStep: Sendable {
    /// Keys that were sent and are not confirmed are sent again after this.
    package static let resendAfter = Span.seconds(10)

    /// Tables and addresses of the fleet.
    package var paths: [DeviceID: PathDevice]
    package var keys: [DeviceID: PathKeyDevice]
    /// What each opener was last known to sign with, also before this orchestrator began.
    package var signed: [PathTrust.Place: UInt64]
    /// For people.
    package var names: [DeviceID: String]
    package var now: Timestamp

    package init(
        paths: [DeviceID: PathDevice], keys: [DeviceID: PathKeyDevice], signed: [PathTrust.Place: UInt64],
        names: [DeviceID: String], now: Timestamp
    ) {
        self.paths = paths
        self.keys = keys
        self.signed = signed
        self.names = names
        self.now = now
    }

    /// The secret of a path's key, by path, opener, far device and epoch.
    package typealias Derive = (PathName, DeviceID, DeviceID, UInt64) -> Secret

    /// What each device is to have. Devices that are to have nothing are left out.
    ///
    /// The ends that answer come first: what an opener is to sign with follows from what they hold.
    package func wanted(_ derive: Derive) -> [DeviceID: [PathKeyEntry]] {
        var entries: [DeviceID: [PathKeyEntry]] = [:]
        for (opener, device) in paths.sorted(by: { $0.key < $1.key }) {
            for plan in device.table?.paths ?? [] {
                let (far, obstacle) = answering(plan, opener)
                var entry = PathKeyEntry(
                    path: plan.name, opener: opener, opens: true, sources: device.addresses, probe: plan.probe,
                    port: plan.port, keys: [], whyPlain: obstacle ?? "")
                if let far {
                    var answer = entry
                    answer.opens = false
                    answer.whyPlain = ""
                    if obstacle == nil {
                        answer.keys = accepted(plan.name, opener, far).map {
                            EpochKey(epoch: $0, secret: derive(plan.name, opener, far, $0))
                        }
                    }
                    entries[far, default: []].append(answer)
                    if obstacle == nil {
                        if let epoch = signing(plan.name, opener, far) {
                            entry.keys = [EpochKey(epoch: epoch, secret: derive(plan.name, opener, far, epoch))]
                        } else {
                            entry.whyPlain = "\(name(far)) has not confirmed that it holds the key"
                        }
                    }
                }
                entries[opener, default: []].append(entry)
            }
        }
        return entries
    }

    /// The device that answers the probes of a path, and what keeps the two from having a key.
    private func answering(_ plan: PathPlan, _ opener: DeviceID) -> (DeviceID?, obstacle: String?) {
        let all = plan.far.filter { paths[$0]?.addresses.contains(plan.probe) ?? false }
        guard let far = all.first else { return (nil, "no device of the fleet has the probed address \(plan.probe)") }
        guard all.count == 1 else {
            return (
                nil,
                "\(all.count) devices have the probed address \(plan.probe): \(all.map(name).joined(separator: ", "))"
            )
        }
        for id in [opener, far] where !(keys[id]?.takesKeys ?? false) {
            // One that is away since before this orchestrator began may have its key all the same.
            if keys[id] == nil, signed[PathTrust.Place(opener, plan.name)] != nil { continue }
            return (far, "\(name(id)) has not connected yet, or runs an agent that takes no keys")
        }
        return (far, nil)
    }

    /// The epochs that the answering end accepts: those of the time, and whatever the opener may sign with.
    private func accepted(_ path: PathName, _ opener: DeviceID, _ far: DeviceID) -> [UInt64] {
        var epochs = Set(PathKeySchedule.epochs(at: now))
        if let epoch = signed[PathTrust.Place(opener, path)] { epochs.insert(epoch) }
        epochs.formUnion(keys[opener]?.known?.entry(path, of: opener)?.epochs ?? [])
        return epochs.sorted().suffix(PathKeys.keysMax)
    }

    private func signing(_ path: PathName, _ opener: DeviceID, _ far: DeviceID) -> UInt64? {
        let last = signed[PathTrust.Place(opener, path)]
        guard let known = keys[far]?.known else { return last }
        let held = known.entry(path, of: opener)?.epochs ?? []
        return held.filter { $0 <= PathKeySchedule.epoch(at: now) }.max()
            ?? last.flatMap { held.contains($0) ? $0 : nil }
    }

    private func name(_ id: DeviceID) -> String { names[id] ?? "\(id)" }

    /// Whether `wanted` is to be sent to a device now.
    package static func isDue(_ device: PathKeyDevice, _ wanted: PathKeys, now: Timestamp) -> Bool {
        guard device.isConnected, device.takesKeys, device.held != wanted.tag else { return false }
        return device.sentAt.map { now - $0 >= resendAfter || now < $0 } ?? true
    }
}
