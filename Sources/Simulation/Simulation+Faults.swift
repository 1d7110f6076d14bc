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

    private func reboot(_ id: DeviceID) {
        report.reboots += 1
        say("\(id): reboots")
        lose(id)
        devices[id]?.reboot()
        mend(id)
        if let token = devices[id]?.wakeToken { queue.put(.startAgent(id, token: token), at: delay(8_000)) }
    }

    func mend(_ id: DeviceID) {
        devices[id]?.disk.fail(nil)
        devices[id]?.tap.failPublish(with: nil)
        devices[id]?.tap.release()
    }
}
