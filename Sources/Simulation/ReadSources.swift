import L45Model
import Orchestrator
import Synchronization

/// Documents as they were read: stories apply the same few over and over.
enum ReadSources {
    private static let known = Mutex<[String: IntentBook.Reading]>([:])
    private static let most = 64

    static func read(_ text: String) throws -> IntentBook.Reading {
        if let reading = known.withLock({ $0[text] }) { return reading }
        let reading = try IntentBook.read([APISource(origin: "simulation", text: text)])
        known.withLock { known in
            if known.count >= most { known.removeAll() }
            known[text] = reading
        }
        return reading
    }
}
