import NIOCore

/// Runs bytes from nowhere through all that reads them, for fuzzers: frames, protobuf and the checks, as an agent's and
/// as an orchestrator's.
package enum FrameProbe {
    package struct Outcome: Equatable, Sendable {
        /// Messages that passed every check.
        package var taken = 0
        package var refused = 0
    }

    package static func run(_ bytes: some Sequence<UInt8>) -> Outcome {
        var outcome = Outcome()
        let processor = NIOSingleStepByteToMessageProcessor(FrameDecoder(payloadBytesMax: Frame.reportBytesMax))
        let read: (ByteBuffer) -> Void = { payload in
            do {
                _ = try WireAgentFrame.decode(payload)
                outcome.taken += 1
            } catch {
                outcome.refused += 1
            }
            do {
                _ = try WireOrchestratorFrame.decode(payload)
                outcome.taken += 1
            } catch {
                outcome.refused += 1
            }
        }
        do {
            try processor.process(buffer: ByteBuffer(bytes: bytes), read)
            try processor.finishProcessing(seenEOF: true, read)
        } catch {
            outcome.refused += 1
        }
        return outcome
    }
}
