/// A message that protobuf can read and that still says something impossible: which field, and what is wrong with it.
struct WireError: Error, Hashable, CustomStringConvertible {
    /// Outermost first, `modules[3]`, `plan`, `flow`.
    private(set) var path: [String]
    let why: String

    init(_ field: String, _ why: String) {
        path = [field]
        self.why = why
    }

    var description: String { "\(path.joined(separator: ".")): \(why)" }

    /// Runs `body`, and names the place that it works at in its errors.
    static func at<Value>(
        _ place: @autoclosure () -> String, _ body: () throws(WireError) -> Value
    ) throws(WireError) -> Value {
        do {
            return try body()
        } catch {
            var error = error
            error.path.insert(place(), at: 0)
            throw error
        }
    }
}
