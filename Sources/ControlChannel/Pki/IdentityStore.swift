/// Where an agent keeps its key and certificate: a folder of mode 0700 with files of mode 0600, replaced as a whole.
package struct IdentityStore: Sendable {
    /// The folder.
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// - Returns: nil when the device has not been enrolled.
    /// - Throws: `exposed` when others may read the key; `file`; `malformed`.
    package func load() throws(PkiError) -> DeviceIdentity? { nil }

    /// The stored key, or a new one that is stored first: so that an enrolment which was cut off can be repeated with
    /// the same key.
    package func loadOrCreateKey() throws(PkiError) -> DeviceKey { DeviceKey() }

    /// Stores certificate and authority beside the key. All or nothing: after a crash the old one or the new one is there.
    package func save(_ identity: DeviceIdentity) throws(PkiError) {}
}
