/// The orchestrator as its operators see it: everything that the command line does, and nothing that it cannot.
///
/// One request, one answer; what is refused is answered with `.failure` and has changed nothing.
package protocol OperatorService: Sendable {
    func answer(_ request: APIRequest) async -> APIResponse
    /// The same for somebody with certain rights.
    func answer(_ request: APIRequest, by caller: Caller) async -> APIResponse
}

extension OperatorService {
    package func answer(_ request: APIRequest, by caller: Caller) async -> APIResponse { await answer(request) }
}
