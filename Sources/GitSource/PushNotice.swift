package import Foundation
package import L45Model

/// What a forge's webhook says: which repository, which reference. It only ever causes a look, and is believed no further.
package struct PushNotice: Hashable, Sendable {
    /// Places of the repository, as `SourceAddress.place` writes them.
    package var places: Set<String>
    /// `refs/heads/main`; nil: any.
    package var ref: String?

    package static let bodyBytesMax = 1 << 20

    package init(places: Set<String>, ref: String?) {
        self.places = places
        self.ref = ref
    }

    /// Reads the push event of GitHub, Gitea, Forgejo and GitLab, or `{"url": ..., "ref": ...}`, as a hook script may send it.
    /// - Returns: nil when it is neither.
    package init?(_ body: some DataProtocol) {
        guard let event = try? JSONDecoder().decode(Body.self, from: Data(body)) else { return nil }
        let repository = event.repository
        let urls = [
            event.url, repository?.cloneURL, repository?.sshURL, repository?.htmlURL, repository?.url,
            repository?.gitURL, event.project?.httpURL, event.project?.sshURL, event.project?.webURL,
        ]
        places = Set(urls.compactMap { $0.flatMap { try? SourceAddress($0).place } })
        guard !places.isEmpty else { return nil }
        ref = event.ref
    }

    /// Names as on the wire.
    private struct Body: Decodable {
        struct Repository: Decodable {
            var cloneURL: String?
            var sshURL: String?
            var htmlURL: String?
            var gitURL: String?
            var url: String?

            enum CodingKeys: String, CodingKey {
                case cloneURL = "clone_url"
                case sshURL = "ssh_url"
                case htmlURL = "html_url"
                case gitURL = "git_url"
                case url
            }
        }
        /// GitLab's.
        struct Project: Decodable {
            var httpURL: String?
            var sshURL: String?
            var webURL: String?

            enum CodingKeys: String, CodingKey {
                case httpURL = "git_http_url"
                case sshURL = "git_ssh_url"
                case webURL = "web_url"
            }
        }
        var url: String?
        var ref: String?
        var repository: Repository?
        var project: Project?
    }

    /// Whether the source may have something new.
    package func concerns(_ spec: SourceSpec) -> Bool {
        guard let address = try? SourceAddress(spec.url), places.contains(address.place) else { return false }
        guard let ref, let own = spec.reference.ref else { return true }
        return ref == own
    }
}
