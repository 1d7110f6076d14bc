import L45Model
import NIOCore

/// What waits for a peer that has not read what was sent before. Messages go first and in order; files fill the gaps, a
/// chunk at a time and in turn. Pure.
struct OutboundQueue {
    enum Item: Equatable {
        case message(ByteBuffer)
        case chunk(ByteBuffer)
    }

    private struct Transfer {
        var artifact: EncodedArtifact
        var offset: Int
    }

    private let bytesMax: Int
    private var messages = CircularBuffer<ByteBuffer>(initialCapacity: 1)
    private var transfers: [Transfer] = []
    /// Bytes of the messages that wait. Files do not count: their bytes are shared.
    private(set) var bytes = 0

    /// Files in transfer at a time; more are refused, and the peer asks again.
    static let transfersMax = 16

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    var isEmpty: Bool { messages.isEmpty && transfers.isEmpty }

    /// - Throws: `tooSlow` when more than `bytesMax` would wait; then nothing was added.
    mutating func append(_ frame: EncodedFrame) throws(ChannelRefusal) {
        let (sum, overflow) = bytes.addingReportingOverflow(frame.bytes.readableBytes)
        guard !overflow, sum <= bytesMax else {
            throw ChannelRefusal(
                .tooSlow, "the peer reads too slowly: \(sum) bytes wait for it and the limit is \(bytesMax)")
        }
        bytes = sum
        messages.append(frame.bytes)
    }

    /// Starts a transfer, or starts one of the same file over from `offset`.
    mutating func append(_ artifact: EncodedArtifact, from offset: Int) {
        if let at = transfers.firstIndex(where: { $0.artifact.reference == artifact.reference }) {
            transfers[at].offset = offset
        } else if transfers.count < Self.transfersMax {
            transfers.append(Transfer(artifact: artifact, offset: offset))
        }
    }

    mutating func next() -> Item? {
        if let message = messages.popFirst() {
            bytes -= message.readableBytes
            return .message(message)
        }
        while !transfers.isEmpty {
            var transfer = transfers.removeFirst()
            guard let chunk = try? transfer.artifact.chunk(at: transfer.offset) else { continue }
            if chunk.next < transfer.artifact.bytes {
                transfer.offset = chunk.next
                transfers.append(transfer)
            }
            return .chunk(chunk.frame.bytes)
        }
        return nil
    }

    mutating func removeAll() {
        messages.removeAll(keepingCapacity: false)
        transfers = []
        bytes = 0
    }
}
