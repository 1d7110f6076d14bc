/// What a playground has to try on.
enum DemoIntents {
    static let all: [(name: String, text: String)] = [
        (
            "dns",
            """
            # Every dig query of a workstation is tagged, and its resolver takes the tag off again.
            name: dns
            clients: {role: workstation}
            servers: {role: resolver}
            intent:
              - tag dig DNS
              - rotate dialect every 1h

            """
        ),
        (
            "web",
            """
            # Streams: what curl says to the web servers is framed in a dialect.
            name: web
            clients: {role: workstation}
            servers: {role: web}
            intent: tag curl HTTP

            """
        ),
    ]
}
