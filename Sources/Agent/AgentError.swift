package import L45Model

/// Why an agent does not start.
package enum AgentError: Error, Hashable, CustomStringConvertible {
    case notEnrolled(stateFolder: String)
    /// Away for longer than its certificate lasts, which it would have renewed.
    case expired(at: Timestamp)

    package var description: String {
        switch self {
        case .notEnrolled(let folder):
            "this device is not enrolled (no certificate in \(folder)/identity); make a token with 'l45 token create' on "
                + "the orchestrator's machine and start once with --token"
        case .expired(let at):
            "the certificate of this device expired at \(at.rfc3339); make a token with 'l45 token create' on the "
                + "orchestrator's machine and start once with --token: the device keeps its key and its identity"
        }
    }
}
