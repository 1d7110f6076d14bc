/// Why a request was refused. What is refused has changed nothing.
package struct APIFailure: Error, Hashable, Codable, Sendable {
    /// What kind of refusal, for programs. A code that this build does not know reads as `internalError`.
    package enum Code: String, Hashable, Codable, Sendable, CaseIterable {
        /// The intents do not compile, or a value is out of bounds: `diagnostics` has the places.
        case badInput = "bad-input"
        /// A name in the request stands for nothing here.
        case notFound = "not-found"
        /// The present state does not allow it, such as undoing the first edition.
        case conflict
        /// The peer is not one of those who may use this socket.
        case notPermitted = "not-permitted"
        /// The request speaks another version of the API.
        case unsupportedVersion = "unsupported-version"
        /// The request names a verb that this build does not have.
        case unknownVerb = "unknown-verb"
        /// The bytes are no request.
        case malformed
        /// The frame is past `APIVersion.frameBytesMax`.
        case tooLong = "too-long"
        /// It cannot be done now: a full disk, a shutdown under way.
        case unavailable
        /// A defect of ours.
        case internalError = "internal-error"

        package init(from decoder: any Decoder) throws {
            self = Code(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .internalError
        }
    }

    package var code: Code
    /// One sentence that names the thing and the numbers.
    package var message: String
    /// Diagnostics in full, rendered for a terminal without colours: `file:line:column: …`, the line and a caret.
    package var diagnostics: [String]
    /// The way out, if there is one to tell.
    package var hint: String?

    package init(_ code: Code, _ message: String, diagnostics: [String] = [], hint: String? = nil) {
        self.code = code
        self.message = message
        self.diagnostics = diagnostics
        self.hint = hint
    }
}
