package import L45Model

/// Why the CIB did not do what it was asked. Whatever the case, nothing of the request was stored.
package enum InventoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The folder can not be made, entered, or written to.
    case folderUnusable(path: String, reason: String)
    /// Another process has the folder open. `holder` is its process id as it noted it, for people.
    case heldByAnother(path: String, holder: String)
    /// There is a CIB, and not the key that its secrets are sealed with.
    case keyMissing(path: String)
    /// There is a key, and not the CIB that is sealed with it.
    case databaseMissing(path: String)
    /// The key file is none of ours: another length, readable by others, or the key of another CIB.
    case keyUnusable(path: String, reason: String)
    /// The CIB was written by a later release of l45.
    case newerSchema(path: String, found: Int, known: Int)
    /// A SQLite database of some other program.
    case notCIB(path: String)
    /// SQLite, or the authentication of a sealed row, found the content altered.
    case damaged(path: String, detail: String)
    /// The file system, or SQLite's own bound, has no room.
    case full(path: String, doing: String)
    /// SQLite could not write.
    case unwritable(path: String, doing: String, reason: String)
    /// Anything else that SQLite reports.
    case database(path: String, doing: String, reason: String)

    case unknownDevice(DeviceID)
    case unknownIntent(IntentName)
    /// A table whose generation the device has already been given, or passed.
    case generationTaken(device: DeviceID, offered: Generation, stored: Generation)

    case tokenUnknown(id: String)
    case tokenWrong(id: String)
    case tokenUsed(id: String, by: DeviceID, at: Timestamp)
    case tokenExpired(id: String, at: Timestamp)
    case tokenExists(id: String)

    case operatorUnknown(String)
    /// Another operator is known by the same.
    case operatorTaken(known: String, by: String)

    case artifactTooLarge(bytes: Int, bytesMax: Int)
    case artifactInUse(Digest)
    case backupExists(path: String)

    package var description: String {
        switch self {
        case .folderUnusable(let path, let reason):
            "CIB folder \(path): \(reason)"
        case .heldByAnother(let path, let holder):
            "CIB folder \(path) is in use by another orchestrator (process \(holder)); stop that one first, or give "
                + "this one a folder of its own"
        case .keyMissing(let path):
            "\(path) is missing, and the CIB beside it is sealed with it; restore root.key next to cib.sqlite. Without "
                + "it the CIB can not be read: to start afresh, move cib.sqlite away and enrol every device again"
        case .databaseMissing(let path):
            "\(path) is missing, while the root.key of a CIB is there; restore a backup as cib.sqlite. To start "
                + "afresh with an empty fleet, move root.key away and enrol every device again"
        case .keyUnusable(let path, let reason):
            "\(path): \(reason)"
        case .newerSchema(let path, let found, let known):
            "\(path) has schema \(found), this l45 knows up to \(known); run the release that wrote it or a later one, "
                + "or restore a backup made by this one. The file was left as it is"
        case .notCIB(let path):
            "\(path) is a database of another program; name another folder. The file was left as it is"
        case .damaged(let path, let detail):
            "\(path) is damaged: \(detail); stop l45 nco and put a backup in its place"
        case .full(let path, let doing):
            "no room left to \(doing) in \(path); nothing of it was stored. Free space on that file system and "
                + "try again"
        case .unwritable(let path, let doing, let reason):
            "can not \(doing) in \(path): \(reason); file and folder must be writable by the orchestrator's user"
        case .database(let path, let doing, let reason):
            "can not \(doing) in \(path): \(reason); nothing of it was stored"
        case .unknownDevice(let id):
            "device \(id) is not in the CIB; it appears there with its first check-in"
        case .unknownIntent(let name):
            "intent '\(name)' is not in the CIB; 'l45 get intents' lists those that are"
        case .generationTaken(let device, let offered, let stored):
            "device \(device) was given generation \(stored), so another table can not be generation \(offered); "
                + "the next is \(stored.next)"
        case .tokenUnknown(let id):
            "no enrolment token '\(id)'; 'l45 token create' makes one"
        case .tokenWrong(let id):
            "the secret is not that of enrolment token '\(id)'; copy the token whole, or make another with "
                + "'l45 token create'"
        case .tokenUsed(let id, let device, let at):
            "enrolment token '\(id)' was used by device \(device) at \(at.rfc3339) and serves once; make another with 'l45 token create'"
        case .tokenExpired(let id, let at):
            "enrolment token '\(id)' expired at \(at.rfc3339); make another with 'l45 token create'"
        case .tokenExists(let id):
            "there is an enrolment token '\(id)' already; choose another id"
        case .operatorUnknown(let name):
            "there is no operator '\(name)'; 'l45 operator list' lists those that are"
        case .operatorTaken(let known, let name):
            "\(known) is known as operator '\(name)' already; 'l45 operator remove \(name)' first, or add under that name"
        case .artifactTooLarge(let bytes, let bytesMax):
            "the artifact has \(bytes) bytes, the bound is \(bytesMax); make it smaller or cut it into several"
        case .artifactInUse(let digest):
            "artifact \(digest.short) belongs to a module that is planned or deployed; delete its intent first"
        case .backupExists(let path):
            "\(path) exists, and a backup overwrites nothing; name another file or move that one away"
        }
    }
}
