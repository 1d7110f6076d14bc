import Foundation
import HiccupsGuard

/// The network of one circle; this process is its near end.
final class Lab: Sendable {
    static let probePort: UInt16 = 4545

    let network: LabNetwork
    let box: WireBox
    let capture = Capture()
    private let circle: Circle
    private let stop = StopFlag()

    /// - Throws: where there is no such network, or it does not come up.
    init(_ circle: Circle, _ network: LabNetwork) async throws {
        self.circle = circle
        self.network = network
        box = try network.box.run {
            try WireBox(
                between: LabNetwork.inside, and: LabNetwork.outside, impairment: circle.impairment, seed: 7)
        }
        try Self.set(circle.nearSettings)
        try network.far.run { try Self.set(circle.farSettings) }
        let ready = [StopFlag(), StopFlag(), StopFlag()]
        let (box, stop, capture) = (box, stop, capture)
        let parts: [@Sendable () async throws -> Void] = [
            {
                try await network.box.runBlocking {
                    try box.run(stop, ready: { ready[0].set() }, saw: capture.take)
                }
            },
            {
                try await network.far.runBlocking {
                    let responder = try HiccupsResponder(ports: [Self.probePort])
                    ready[1].set()
                    try responder.run(stop)
                }
            },
            { try await network.far.runBlocking { try Transfer.serve(stop, ready: { ready[2].set() }) } },
        ]
        for part in parts {
            Task {
                do { try await part() } catch {
                    say("\(circle.name): \(error)")
                    exit(2)
                }
            }
        }
        let end = ContinuousClock.now + .seconds(10)
        while !ready.allSatisfy(\.isSet) {
            guard ContinuousClock.now < end else { throw Transfer.Failure("the lab did not come up") }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private static func set(_ settings: [String: String]) throws {
        for (name, value) in settings {
            let path = "/proc/sys/net/\(name)"
            guard let file = fopen(path, "w") else { throw Transfer.Failure("no setting '\(path)' here") }
            let written = fputs(value, file)
            guard fclose(file) == 0, written >= 0 else { throw Transfer.Failure("cannot set '\(path)'") }
        }
    }

    func breakPath() {
        guard let destination = Self.victim else { return }
        box.setRules([
            BoxRule(destination: destination, forward: circle.forward, reverse: circle.reverse, seed: 7)
        ])
    }

    func repairPath() { box.setRules([]) }

    /// What the circle's connection achieves with `host`.
    func measure(_ host: String, for span: Duration = Transfer.span) async throws -> Double {
        let circle = circle
        return try await network.near.runBlocking { try circle.rate(with: host, for: span) }
    }
}

extension Circle {
    /// What its connection achieves with `host` from this thread's network namespace.
    func rate(with host: String, for span: Duration = Transfer.span) throws -> Double {
        switch measure {
        case .upload(let flavour): try Transfer.rate(host, flavour, upload: true, for: span)
        case .download(let flavour): try Transfer.rate(host, flavour, upload: false, for: span)
        case .openings: try Transfer.openings(host)
        }
    }
}

func say(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
