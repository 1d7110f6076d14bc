import Testing

@testable import ControlChannel

@Suite("Versions of the protocol")
struct VersionTests {
    @Test("The newest that both speak is chosen; neighbours understand each other, strangers do not")
    func choice() {
        #expect(ChannelProtocol.choose(1...2, 2...3) == 2)
        #expect(ChannelProtocol.choose(2...3, 1...2) == 2)
        #expect(ChannelProtocol.choose(1...4, 2...3) == 3)
        #expect(ChannelProtocol.choose(1...1, 2...3) == nil)
        #expect(WireHello.protocols(3, 2) == 0...0)
    }
}
