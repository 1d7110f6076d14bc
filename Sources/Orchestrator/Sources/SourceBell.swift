/// Rung where a source may be due. Rings that nobody has heard yet are one.
struct SourceBell: Sendable {
    let rings: AsyncStream<Void>
    private let hand: AsyncStream<Void>.Continuation

    init() { (rings, hand) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1)) }

    func ring() { hand.yield() }
}
