import L45Model

/// The keys of paths on disk, so that both ends still have them after a restart while the orchestrator is away.
enum PathKeyFile {
    static func file(folder: String) -> CheckedFile<PathKeys> {
        CheckedFile(
            path: "\(folder)/path-keys", title: "l45-path-keys", format: "1", noun: "file of path keys",
            bytesMax: 64 << 20, consequence: "paths are looked at without keys until the orchestrator sends them again")
    }
}
