import Agent
import KernelTap
import L45Model

/// What goes wrong, and is mended.
extension Simulation {
    func fault() {
        queue.put(.fault, at: elapsed + untilFault())
        guard chaosReigns, let id = (clients + servers).randomElement(using: &random) else { return }
        if random.once(in: setup.chaos.restoreOdds), let backup = backups.randomElement(using: &random) {
            report.disasters += 1
            say("the CIB is put back to an older copy")
            killOrchestrator("for the restore")
            store = backup
            isLenient = true
            return
        }
        if random.once(in: setup.chaos.twinOdds), orchestrator != nil {
            meetTwin()
            return
        }
        if random.once(in: setup.chaos.newDiskOdds) {
            report.disasters += 1
            say("\(id): comes back with an empty disk")
            reboot(id)
            devices[id]?.disk = MemoryDisk()
            isLenient = true
            return
        }
        if random.once(in: setup.chaos.maimOdds) {
            guard devices[id]?.tap.takeOff(using: &random) ?? false else { return }
            report.disasters += 1
            say("\(id): somebody takes a module off by hand")
            devices[id]?.isBereft = true
            return
        }
        if random.once(in: 3) { backups = Array((backups + [store]).suffix(3)) }
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1: cut(id)
        case 2: if devices[id]?.agent != nil { killAgent(id, "by a signal") }
        case 3: reboot(id)
        case 4: killOrchestrator("by a signal")
        case 5:
            say("\(id): the disk fails")
            devices[id]?.disk.fail(MemoryDisk.Fault.allCases.randomElement(using: &random))
            queue.put(.mend(id), at: delay(15_000))
        case 6:
            say("\(id): the tap refuses")
            devices[id]?.tap.failPublish(with: .system(operation: "publish", path: "the tap", errno: anErrno()))
            queue.put(.mend(id), at: delay(15_000))
        case 7:
            say("\(id): a tapped call does not end")
            devices[id]?.tap.hold()
            queue.put(.mend(id), at: delay(8_000))
        default:
            say("\(id): its clock is set")
            devices[id]?.clockOff += Int64.random(in: -900_000...900_000, using: &random)
        }
    }

    /// Those that a tap's system calls are documented to give.
    private func anErrno() -> Int32 {
        // EPERM, ENOENT, EINTR, EIO, EAGAIN, ENOMEM, EACCES, EBUSY, EINVAL, EMFILE, ENOSPC, EROFS, ENOBUFS
        [1, 2, 4, 5, 11, 12, 13, 16, 22, 24, 28, 30, 105].randomElement(using: &random) ?? 5
    }

    /// Two orchestrators by mistake: the one with the older store answers, the other goes on unheard, until they change
    /// places again.
    private func meetTwin() {
        guard let present = orchestrator else { return }
        let other =
            twin
            ?? backups.first.flatMap { older in
                (try? SimulatedOrchestrator(
                    older, rootSecret: rootSecret, policy: setup.policy, now: now)).map { (older, $0) }
            }
        guard let other else { return }
        report.disasters += 1
        say("another orchestrator answers")
        killOrchestrator("for those who called it")
        var mine = present
        for id in clients + servers { mine.lost(id, now: now) }
        twin = (store, mine)
        store = other.0
        orchestrator = other.1
        isLenient = true
        passSoon()
    }

    func beginOutage() {
        guard let outage = setup.outage else { return }
        let all = clients + servers
        for number in outage.devices.sorted() where all.indices.contains(number) {
            let id = all[number]
            say("\(id): its \(outage.part) is out of order")
            switch outage.part {
            case .disk: devices[id]?.disk.fail(.full)
            case .tap:
                devices[id]?.tap.failPublish(with: .system(operation: "publish", path: "the tap", errno: 12))
            case .call: devices[id]?.tap.hold()
            case .line: queue.put(.cut(id, until: elapsed + SimulationSetup.Outage.lasts), at: elapsed)
            }
            queue.put(.mend(id), at: elapsed + SimulationSetup.Outage.lasts)
        }
    }

    func cutAgain(_ id: DeviceID, until end: Int64) {
        cut(id)
        if elapsed < end { queue.put(.cut(id, until: end), at: delay(2_000)) }
    }

    func reboot(_ id: DeviceID) {
        report.reboots += 1
        say("\(id): reboots")
        lose(id)
        devices[id]?.reboot()
        resetStreams(of: id)
        mend(id)
        if let token = devices[id]?.wakeToken { queue.put(.startAgent(id, token: token), at: delay(8_000)) }
    }

    func mend(_ id: DeviceID) {
        devices[id]?.disk.fail(nil)
        devices[id]?.tap.failPublish(with: nil)
        devices[id]?.tap.release()
    }
}
