import L45Model

extension TagDraft {
    /// Takes what it does not say itself. Of the dialect that is what suits its transport: a stream has no front, and a message no
    /// interval.
    /// - Parameter standard: what the file says of all its tags.
    /// - Returns: whether it took anything.
    mutating func fill(from standard: TagDraft) -> Bool {
        guard !isMonitor else { return false }
        var took = false
        func fill<Value>(_ own: inout Value?, _ other: Value?) {
            guard own == nil, let other else { return }
            own = other
            took = true
        }
        fill(&direction, standard.direction)
        fill(&attach, standard.attach)
        fill(&priority, standard.priority)
        fill(&stateWindow, standard.stateWindow)
        fill(&securityWindow, standard.securityWindow)
        fill(&test, standard.test)
        fill(&tagBytes, standard.tagBytes)
        // What the intent says of all its tags is nearer than what its file says.
        if commonLabel == nil { fill(&label, standard.label) }
        switch transport?.value {
        case .udp?:
            fill(&at, standard.at)
            fill(&coding, standard.coding)
        case .tcp?:
            fill(&frameBytes, standard.frameBytes)
            fill(&start, standard.start)
        case nil: break
        }
        return took
    }
}
