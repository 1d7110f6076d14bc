import L45Model
import Testing

@Suite("The operations between two tables")
struct ModuleOperationTests {
    private func entry(_ id: UInt64, _ state: ModuleState, enforcing: Bool = false) -> ModuleEntry {
        ModuleEntry(plan: Sample.module(id: id), state: state, enforcing: enforcing)
    }

    private func names(_ old: [ModuleEntry], _ new: [ModuleEntry]) -> [String] {
        ModuleOperation.between(old, new).map { "\($0.0.rawValue) \($0.1.rawValue)" }
    }

    @Test("A rotation reads as the seed tells it: install, activate, deprecate, revoke")
    func rotation() {
        let plain = [entry(1, .active)]
        let deployed = [entry(1, .active), entry(2, .standby)]
        let flipped = [entry(1, .standby), entry(2, .active)]
        let deprecated = [entry(1, .deprecated), entry(2, .active)]
        #expect(names(plain, deployed) == ["2 install"])
        #expect(names(deployed, flipped) == ["1 priority", "2 activate"])
        #expect(names(flipped, deprecated) == ["1 deprecate"])
        #expect(names(deprecated, [entry(2, .active)]) == ["1 revoke"])
    }

    @Test("Between a table and itself there is nothing to do")
    func same() {
        let table = [entry(1, .active, enforcing: true), entry(2, .deactivated)]
        #expect(names(table, table).isEmpty)
    }

    @Test("A module that arrives active is installed and activated, one that enforces besides enforced")
    func arrival() {
        #expect(names([], [entry(1, .active, enforcing: true)]) == ["1 install", "1 activate", "1 enforce"])
        #expect(names([], [entry(1, .standby)]) == ["1 install"])
        #expect(names([], [entry(1, .deactivated)]) == ["1 install", "1 deactivate"])
    }

    @Test("Enforcement comes and goes by itself")
    func enforcement() {
        #expect(names([entry(1, .active)], [entry(1, .active, enforcing: true)]) == ["1 enforce"])
        #expect(names([entry(1, .active, enforcing: true)], [entry(1, .active)]) == ["1 relax"])
    }

    @Test("They come sorted by module, however the tables were ordered")
    func order() {
        let old = [entry(9, .active), entry(3, .active)]
        #expect(names(old, []) == ["3 revoke", "9 revoke"])
    }
}
