import GitSource
import L45Model
import Testing

@Suite("What a source may be")
struct SourceSpecTests {
    @Test(
        "One repository has one place, however it is written",
        arguments: [
            ("https://github.com/acme/net.git", "github.com/acme/net"),
            ("https://GitHub.com:443/acme/net/", "github.com/acme/net"),
            ("git@github.com:acme/net.git", "github.com/acme/net"),
            ("ssh://git@github.com:22/acme/net", "github.com/acme/net"), ("/srv/git/net.git", "/srv/git/net"),
            ("file:///srv/git/net.git/", "/srv/git/net"),
        ])
    func places(_ url: String, _ place: String) throws {
        #expect(try SourceAddress(url).place == place)
    }

    @Test(
        "What could run a program, be read by others or be an option is no repository",
        arguments: [
            "", "-oProxyCommand=x", "ext::sh -c date", "ext::sh", "http://git.example/net.git", "git://git.example/net",
            "https://user:secret@git.example/net.git", "https://token@git.example/net.git", "ssh://-oProxyCommand=x/y",
            "-x:y", "relative/path", "ssh://a:b@host/x", "fd::17", "https://git.example", "a b:c",
        ])
    func refusedURLs(_ url: String) {
        #expect(throws: APIFailure.self) { try SourceAddress(url) }
    }

    @Test("A URL with a password is refused without repeating it")
    func password() {
        let failure = #expect(throws: APIFailure.self) { try SourceAddress("https://u:hunter2@git.example/net") }
        #expect(failure?.message.contains("hunter2") == false)
    }

    @Test(
        "Branches that git would take for something else are refused",
        arguments: [
            "--upload-pack=x", "a..b", "a b", "x~1", "x^", "a:b", "*", "", "/x", "x/", "x.lock", "a//b", ".x", "a\\b",
        ])
    func refusedBranches(_ name: String) {
        #expect(throws: APIFailure.self) {
            try SourceSpec(name: "net", url: "/srv/net", reference: .branch(name)).validate()
        }
    }

    @Test(
        "Folders stay inside the repository",
        arguments: ["../x", "/etc", "a/../b", "a//b", "./a", "a/", "a\nb"])
    func refusedFolders(_ folder: String) {
        #expect(throws: APIFailure.self) {
            try SourceSpec(name: "net", url: "/srv/net", folder: folder).validate()
        }
    }

    @Test("What is usual is taken")
    func usual() throws {
        try SourceSpec(
            name: "net-1", url: "git@git.example:acme/net.git", reference: .branch("release/2.1"),
            folder: "prod/intents", every: .seconds(30), after: ["base"]
        ).validate()
        try SourceSpec(name: "net", url: "/srv/net", reference: .commit(String(repeating: "a", count: 40))).validate()
    }
}
