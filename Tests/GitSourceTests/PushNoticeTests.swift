import Foundation
import GitSource
import L45Model
import Testing

@Suite("Webhooks")
struct PushNoticeTests {
    private let secret = Secret(Array("It's a Secret to Everybody".utf8))

    @Test("The signature is GitHub's, by its published example")
    func published() {
        // docs.github.com, "Validating webhook deliveries".
        let body = Array("Hello, World!".utf8)
        let header = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        #expect(PushProof.signature(of: body, secret: secret) == header)
        #expect(PushProof.signature(header).holds(for: body, secret: secret))
    }

    @Test("Another body, another secret, a cut or missing signature: refused")
    func refused() {
        let body = Array("Hello, World!".utf8)
        let header = PushProof.signature(of: body, secret: secret)
        let proof = PushProof.signature(header)
        #expect(!proof.holds(for: Array("Hello, World?".utf8), secret: secret))
        #expect(!proof.holds(for: body, secret: Secret(Array("another secret of 16".utf8))))
        for wrong in ["", "sha256=", String(header.dropLast(2)), "sha1=" + header.dropFirst(7), header + "00"] {
            #expect(!PushProof.signature(wrong).holds(for: body, secret: secret))
        }
    }

    @Test("GitLab shows the secret itself: it holds for any body, a part of it for none")
    func token() {
        let word = "It's a Secret to Everybody"
        #expect(PushProof.token(word).holds(for: Array("{}".utf8), secret: secret))
        for wrong in ["", String(word.dropLast()), word + " ", word.lowercased()] {
            #expect(!PushProof.token(wrong).holds(for: Array("{}".utf8), secret: secret))
        }
    }

    @Test("GitLab's push event names its project by https and by ssh")
    func gitlab() throws {
        let body = """
            {"object_kind": "push", "ref": "refs/heads/main", "project": {"id": 15, "web_url": "https://git.example/acme/net",
             "git_ssh_url": "git@git.example:acme/net.git", "git_http_url": "https://git.example/acme/net.git"},
             "repository": {"name": "net", "url": "git@git.example:acme/net.git"}}
            """
        let notice = try #require(PushNotice(Data(body.utf8)))
        for url in ["https://git.example/acme/net.git", "git@git.example:acme/net.git"] {
            #expect(notice.concerns(SourceSpec(name: "net", url: url, reference: .branch("main"))))
        }
        #expect(!notice.concerns(SourceSpec(name: "net", url: "https://git.example/acme/other.git")))
    }

    @Test("GitHub's push event concerns the sources of its repository and branch, whichever way they reach it")
    func github() throws {
        let body = """
            {"ref": "refs/heads/main", "after": "x", "repository": {"clone_url": "https://github.com/acme/net.git",
             "ssh_url": "git@github.com:acme/net.git", "html_url": "https://github.com/acme/net", "id": 17}}
            """
        let notice = try #require(PushNotice(Data(body.utf8)))
        func concerns(_ url: String, _ reference: SourceReference) -> Bool {
            notice.concerns(SourceSpec(name: "net", url: url, reference: reference))
        }
        #expect(concerns("https://github.com/acme/net", .branch("main")))
        #expect(concerns("git@github.com:acme/net.git", .branch("main")))
        #expect(!concerns("git@github.com:acme/net.git", .branch("next")))
        #expect(!concerns("git@github.com:acme/other.git", .branch("main")))
    }

    @Test("A hook script may say less; what says nothing is no notice")
    func small() throws {
        let notice = try #require(PushNotice(Data(#"{"url": "/srv/git/net.git"}"#.utf8)))
        #expect(notice.concerns(SourceSpec(name: "net", url: "file:///srv/git/net", reference: .tag("v1"))))
        for body in ["", "{}", "[]", #"{"url": 7}"#, #"{"ref": "refs/heads/main"}"#, "{\"url\": \"ext::sh\"}"] {
            #expect(PushNotice(Data(body.utf8)) == nil)
        }
    }
}
