import CL45Core
package import CL45Tap
package import L45Model

/// A device's table as the preload tap wants it: one rule per module and remote. Pure.
package enum RuleTable {
    /// Ranks that a plan may give, so that one that only listens can be put below them all.
    package static let priorities = ModuleRule.priorities
    /// What is taken off the rank of a module that does not send: more than the width of `priorities`.
    package static let listenerHandicap: Int32 = 4_000_000

    /// - Throws: `TapError.tooManyRules` past L45_TAP_RULES_MAX, `TapError.unfit` for a field that is out of its bounds.
    package static func rules(of table: DeviceTable) throws(TapError) -> [l45_tap_rule] {
        let count = table.modules.reduce(0) { $0 + $1.plan.tapSocket.rules }
        guard count <= Int(L45_TAP_RULES_MAX) else {
            throw .tooManyRules(count: count, modules: table.modules.count, max: Int(L45_TAP_RULES_MAX))
        }
        var rules: [l45_tap_rule] = []
        rules.reserveCapacity(count)
        for entry in table.modules {
            let module = try ModuleRule(entry)
            var rule = rule(of: module)
            for remote in module.remotes.isEmpty ? [.any] : module.remotes {
                rule.remote = endpoint(remote)
                rules.append(rule)
            }
        }
        return rules
    }

    /// Editions of one dialect share it: the tap may then pass a stream from one to the next.
    package static func group(intent: IntentName, flow: FlowName) -> UInt64 {
        ModuleRule.group(intent: intent, flow: flow)
    }

    /// The module's rule, but for the remote.
    private static func rule(of module: ModuleRule) -> l45_tap_rule {
        var rule = l45_tap_rule()
        rule.mod_id = module.id.rawValue
        rule.group = module.group
        rule.priority = module.priority - (module.state == .active ? 0 : listenerHandicap)
        rule.flags = module.flags
        rule.state = module.state.number
        rule.protocol = module.transportNumber
        rule.delay_us = module.delayMicroseconds
        CArray.fill(&rule.process, with: module.process.utf8)
        CArray.fill(&rule.thread, with: module.thread.utf8)
        rule.local = endpoint(module.local)
        rule.dialect = module.dialect
        return rule
    }

    private static func endpoint(_ pattern: EndpointPattern) -> l45_tap_endpoint {
        var endpoint = l45_tap_endpoint()
        if let block = pattern.block {
            CArray.fill(&endpoint.address, with: block.bytes)
            endpoint.prefix_bits = UInt8(block.prefixBits)
        }
        endpoint.port = pattern.port ?? 0
        return endpoint
    }
}
