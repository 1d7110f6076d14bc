import L45Model

extension DeviceTable {
    /// What a tap names the table's content by.
    func tapDigest() throws(TapError) -> Digest {
        do { return try contentDigest() } catch {
            throw .unfit(modules.first?.plan.id ?? ModuleID(0), reason: "the table can not be encoded: \(error)")
        }
    }
}
