import L45Model

/// Which of a flow's devices begin to send in which wave: the waves of the clients, then the same ones of the servers.
///
/// A wave that is empty keeps its number, so that the number means the same when a device comes or goes.
struct Waves {
    /// Places in `Flow.members`.
    private(set) var members: [[Int]] = []
    let perRole: Int

    init(_ strategy: RolloutStrategy, _ flow: Flow, _ devices: [DeviceStanding]) {
        let steps = strategy.steps
        perRole = steps.count
        for role in [ModulePlan.Role.client, .server] {
            // One that is to send plain has no part in the new edition.
            var left = flow.members.indices.filter { flow.members[$0].target(role) != nil }
            let total = left.count
            for step in steps {
                var wave: [Int] = []
                func take(until reached: Int) {
                    let count = min(left.count, max(0, reached - (total - left.count)))
                    wave = Array(left.prefix(count))
                    left.removeFirst(count)
                }
                switch step {
                case .count(let count): take(until: count)
                case .percent(let percent): take(until: (total * percent + 99) / 100)
                case .rest: take(until: total)
                case .label(let key, let value):
                    let has = { (at: Int) in
                        devices[flow.members[at].device].snapshot.device.facts.labels[key] == value
                    }
                    wave = left.filter(has)
                    left.removeAll(where: has)
                }
                members.append(wave)
            }
        }
    }

    var count: Int { members.count }
    func role(_ wave: Int) -> ModulePlan.Role { wave < perRole ? .client : .server }

    /// Whether every device of the wave was told to send the edition.
    func isTold(_ wave: Int, _ flow: Flow) -> Bool {
        members[wave].allSatisfy { flow.members[$0].atTarget(role(wave)) }
    }

    /// Whether every device of the wave sends the edition, by its tap's word.
    func isDone(_ wave: Int, _ flow: Flow) -> Bool {
        isTold(wave, flow) && members[wave].allSatisfy { flow.members[$0].confirmed }
    }

    /// Members that may begin to send in this role, up to and with this wave.
    func admitted(_ role: ModulePlan.Role, upTo wave: Int) -> Set<Int> {
        Set(members.indices.filter { $0 <= wave && self.role($0) == role }.flatMap { members[$0] })
    }
}
