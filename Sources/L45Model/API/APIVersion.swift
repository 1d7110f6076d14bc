/// The version of the operator API and its bounds.
///
/// On the wire each frame is a 4-byte big-endian length and one canonical JSON object:
/// `{"api":"l45/v1","verb":"get","body":{…}}` up, `{"api":"l45/v1","kind":"devices","body":[…]}` down. Fields may be
/// added within a version; readers ignore those they do not know.
package enum APIVersion {
    /// What this build speaks.
    package static let current = "l45/v1"
    /// The longest frame, in bytes, its length field not counted.
    package static let frameBytesMax = 8 << 20
}
