/// `1 window`, `2 windows`, `0 windows`: for people.
/// - Parameter several: the plural where it is not made by an `s`.
package func counted(_ count: Int, _ noun: String, several: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : several ?? noun + "s")"
}
