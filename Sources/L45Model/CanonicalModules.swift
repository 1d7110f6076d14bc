/// The canonical JSON of a table's modules, written without an encoder: byte for byte what `CanonicalJSON` gives, which a
/// test holds it to.
///
/// Every table is digested by the orchestrator, the agent and the tap, and a digest crosses versions: the bytes must never
/// change, but they may be made faster. By a general encoder they cost more than all else that a rotation does.
enum CanonicalModules {
    /// - Returns: nil when some text needs an escape: a general encoder has to write it then.
    static func encode(_ entries: [ModuleEntry]) -> [UInt8]? {
        var writer = Writer(capacity: 2 + entries.count * 768)
        writer.put("[")
        for at in entries.indices {
            if at > 0 { writer.put(",") }
            writer.put(entries[at])
        }
        writer.put("]")
        return writer.isPlain ? writer.bytes : nil
    }

    /// Keys in the order of their bytes, as `sortedKeys` has them.
    private struct Writer {
        private(set) var bytes: [UInt8] = []
        /// Nothing written so far needs an escape.
        private(set) var isPlain = true

        init(capacity: Int) { bytes.reserveCapacity(capacity) }

        mutating func put(_ text: StaticString) {
            bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }

        mutating func put(_ entry: ModuleEntry) {
            put("{\"enforcing\":")
            put(entry.enforcing)
            put(",\"plan\":")
            put(entry.plan)
            put(",\"state\":")
            put(quoted: entry.state.rawValue)
            put("}")
        }

        private mutating func put(_ plan: ModulePlan) {
            put("{")
            if let artifact = plan.artifact {
                put("\"artifact\":{\"bytes\":")
                put(artifact.bytes)
                put(",\"digest\":")
                put(quoted: artifact.digest.hex)
                put("},")
            }
            put("\"attach\":")
            put(quoted: plan.attach.rawValue)
            put(",\"delayMicroseconds\":")
            put(plan.delayMicroseconds)
            put(",\"dialect\":")
            put(plan.dialect)
            put(",\"dialectSecret\":")
            put(plan.dialectSecret)
            put(",\"directions\":{\"request\":")
            put(plan.directions.request)
            put(",\"response\":")
            put(plan.directions.response)
            put("},\"dropUnlessTagged\":")
            put(plan.dropUnlessTagged)
            put(",\"epoch\":")
            put(plan.epoch.rawValue)
            put(",\"flow\":")
            put(quoted: plan.flow.rawValue)
            put(",\"id\":\"")
            put(hex: plan.id.rawValue)
            put("\",\"initKey\":")
            put(plan.initKey)
            put(",\"intent\":")
            put(quoted: plan.intent.rawValue)
            put(",\"priority\":")
            put(plan.priority)
            put(",\"role\":")
            put(quoted: plan.role.rawValue)
            put(",\"securityCheckWindow\":")
            put(plan.securityCheckWindow.milliseconds)
            put(",\"stateRequestWindow\":")
            put(plan.stateRequestWindow.milliseconds)
            put(",\"tapSocket\":")
            put(plan.tapSocket)
            put(",\"underTest\":")
            put(plan.underTest)
            put("}")
        }

        private mutating func put(_ dialect: Dialect) {
            switch dialect {
            case .monitor: put("{\"monitor\":{}}")
            case .datagram(let tag):
                put("{\"datagram\":{\"_0\":{")
                if tag.coding != .asItIs {
                    put("\"coding\":")
                    put(quoted: tag.coding.rawValue)
                    put(",")
                }
                put("\"label\":")
                put(quoted: tag.label)
                put(",\"place\":")
                switch tag.place {
                case .front: put("{\"front\":{}}")
                case .end: put("{\"end\":{}}")
                case .offset(let bytes):
                    put("{\"offset\":{\"_0\":")
                    put(bytes)
                    put("}}")
                }
                put(",\"tagBytes\":")
                put(tag.tagBytes)
                put("}}}")
            case .stream(let tag):
                put("{\"stream\":{\"_0\":{\"frameBytes\":")
                put(tag.frameBytes)
                put(",\"label\":")
                put(quoted: tag.label)
                if tag.start != .firstByte {
                    put(",\"start\":")
                    put(quoted: tag.start.rawValue)
                }
                put(",\"tagBytes\":")
                put(tag.tagBytes)
                put("}}}")
            }
        }

        private mutating func put(_ socket: TapSocket) {
            put("{\"application\":{")
            if let process = socket.application.process {
                put("\"process\":")
                put(quoted: process)
            }
            if let thread = socket.application.thread {
                if socket.application.process != nil { put(",") }
                put("\"thread\":")
                put(quoted: thread)
            }
            put("},\"local\":")
            put(socket.local)
            put(",\"remotes\":[")
            for at in socket.remotes.indices {
                if at > 0 { put(",") }
                put(socket.remotes[at])
            }
            put("],\"transport\":")
            put(quoted: socket.transport.rawValue)
            put("}")
        }

        private mutating func put(_ pattern: EndpointPattern) {
            put("{")
            if let block = pattern.block {
                put("\"block\":")
                put(quoted: block.description)
                if pattern.port != nil { put(",") }
            }
            if let port = pattern.port {
                put("\"port\":")
                put(port)
            }
            put("}")
        }

        // MARK: Values

        private mutating func put(_ flag: Bool) { if flag { put("true") } else { put("false") } }

        private mutating func put(_ number: some BinaryInteger) {
            bytes.append(contentsOf: String(number).utf8)
        }

        private mutating func put(_ secret: Secret) {
            put("\"")
            for byte in secret.bytes {
                bytes.append(Self.digit(byte >> 4))
                bytes.append(Self.digit(byte & 15))
            }
            put("\"")
        }

        private mutating func put(hex number: UInt64) {
            for shift in stride(from: 60, through: 0, by: -4) {
                bytes.append(Self.digit(UInt8(truncatingIfNeeded: number >> UInt64(shift)) & 15))
            }
        }

        private static func digit(_ value: UInt8) -> UInt8 {
            value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
        }

        private mutating func put(quoted text: String) {
            put("\"")
            for byte in text.utf8 {
                // Quote, backslash, control characters, and delete, with which encoders differ.
                if byte < 0x20 || byte == 0x22 || byte == 0x5c || byte == 0x7f { isPlain = false }
                bytes.append(byte)
            }
            put("\"")
        }
    }
}
