/// Why an agent does not start.
package enum AgentError: Error, Hashable, CustomStringConvertible {
    case notEnrolled(stateFolder: String)

    package var description: String {
        switch self {
        case .notEnrolled(let folder):
            "this device is not enrolled (no certificate in \(folder)/identity); make a token with 'l45 token create' on "
                + "the orchestrator's machine and start once with --token"
        }
    }
}
