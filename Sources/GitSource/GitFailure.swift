/// Why git did not do what it was asked.
package struct GitFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// There is no git on this machine, or it can not be started.
        case missing
        /// Not done in time, and ended.
        case tooSlow
        /// More output, or a larger file, than is taken.
        case tooLarge
        /// It ended with this status.
        case status(Int)
    }

    package let code: Code
    /// In words: what was tried, and what git said last.
    package let description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
