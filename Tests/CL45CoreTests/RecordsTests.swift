import CL45Core
import Testing

@Suite("Where a TLS stream's records begin")
struct RecordsTests {
    private static func record(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        [type, 3, 3, UInt8(body.count >> 8), UInt8(body.count & 0xff)] + body
    }
    private static let body = [UInt8](repeating: 0x17, count: 300)
    private static let handshake = record(22, body) + record(20, [1]) + record(22, [])
    private static let data = record(23, body)

    private func pass(_ records: inout l45_records, _ bytes: ArraySlice<UInt8>, through: Bool = false) -> (
        count: Int, next: l45_record
    ) {
        var next = L45_RECORD_OTHER
        let count = bytes.withUnsafeBufferPointer {
            l45_records_pass(&records, $0.baseAddress, $0.count, through ? 1 : 0, &next)
        }
        return (count, next)
    }

    @Test("A walk over records stops before application data, whole or cut anywhere, and never inside a record")
    func stops() {
        let stream = Self.handshake + Self.data + Self.handshake
        for cut in 0...stream.count {
            var records = l45_records()
            let first = pass(&records, stream[..<cut])
            #expect(first.count == min(cut, Self.handshake.count))
            #expect((first.next == L45_RECORD_DATA) == (cut > Self.handshake.count))
            let second = pass(&records, stream[first.count...])
            #expect(first.count + second.count == Self.handshake.count)
            #expect(second.next == L45_RECORD_DATA)
            #expect(records.at == 0)
        }
    }

    @Test("Through application data it goes on to the end, at any chop")
    func through() {
        let stream = Self.handshake + Self.data + Self.data
        for step in [1, 2, 3, 4, 5, 7, 299, 1000] {
            var records = l45_records()
            var at = 0
            while at < stream.count {
                let end = min(at + step, stream.count)
                let (count, next) = pass(&records, stream[at..<end], through: true)
                #expect(count == end - at && next == L45_RECORD_OTHER)
                at = end
            }
            #expect(records.at == 0 && l45_records_rest(&records) == 0)
        }
    }

    @Test("What is sure to belong to the record under way is told at each of its bytes")
    func rest() {
        var records = l45_records()
        for (at, byte) in Self.data.enumerated() {
            #expect(
                l45_records_rest(&records) == (at == 0 ? 0 : at < 5 ? UInt32(5 - at) : UInt32(Self.data.count - at)))
            _ = pass(&records, [byte], through: true)
        }
        #expect(l45_records_rest(&records) == 0)
    }

    @Test(
        "What is no record ends the walk, where that shows",
        arguments: [
            (Array("GET / HTTP/1.1".utf8), 0), ([0x80, 0x2e, 1], 0), ([22, 2, 0], 1), ([22, 3, 1, 0xff, 0xff], 4),
            ([22, 3, 3, 0x48, 0x01], 4), ([25, 3, 3, 0, 0], 0),
        ] as [([UInt8], Int)])
    func foreign(bytes: [UInt8], passed: Int) {
        var records = l45_records()
        let (count, next) = pass(&records, (Self.handshake + bytes)[...])
        #expect(count == Self.handshake.count + passed)
        #expect(next == L45_RECORD_FOREIGN)
    }
}
