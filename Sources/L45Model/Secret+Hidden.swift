// A secret is shown by its length alone, also to `dump`, to a debugger's summary and within other values.
extension Secret: CustomDebugStringConvertible, CustomReflectable {
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
