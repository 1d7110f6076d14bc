package import L45Model

/// Limits on the files that travel with modules.
package enum ArtifactBounds {
    /// 64 MiB: the seed's are 600 KB.
    package static let bytesMax = 64 << 20
    /// A file whose digest is wrong this often is given up, and its table refused.
    package static let attemptsMax = 3
    /// Silence after which the rest of a file is asked for again.
    package static let stallAfter = Span.seconds(5)
}
