/// The little that `l45 run` must know of a program, from its ELF headers (System V gABI, chapters 4 and 5).
package struct ELFImage: Hashable, Sendable {
    /// 64-bit addresses; else 32-bit ones.
    package let is64Bit: Bool
    /// `e_machine`: 62 is x86-64, 183 is AArch64.
    package let machine: UInt16
    /// The dynamic loader that the program asks for (PT_INTERP); nil: none, so nothing can be preloaded into it.
    package let interpreter: String?

    /// How long a loader's path may be: PATH_MAX of Linux.
    private static let interpreterBytesMax = 4096
    private static let segmentTypeInterpreter: UInt32 = 3

    package init(is64Bit: Bool, machine: UInt16, interpreter: String?) {
        self.is64Bit = is64Bit
        self.machine = machine
        self.interpreter = interpreter
    }

    /// - Parameter read: the file's bytes from an offset on, as many as asked or fewer at its end.
    /// - Returns: nil when these are no ELF headers, or the file ends within them.
    package init?(reading read: (_ offset: UInt64, _ count: Int) -> [UInt8]) {
        let ident = read(0, 16)
        guard ident.count == 16, ident.starts(with: [0x7f, 0x45, 0x4c, 0x46]),
            (1...2).contains(ident[4]), (1...2).contains(ident[5])
        else { return nil }
        let wide = ident[4] == 2
        let isLittleEndian = ident[5] == 1
        func number(_ bytes: [UInt8], _ at: Int, _ width: Int) -> UInt64? {
            guard at + width <= bytes.count else { return nil }
            let field = bytes[at..<(at + width)]
            return (isLittleEndian ? Array(field.reversed()) : Array(field)).reduce(0) { $0 << 8 | UInt64($1) }
        }
        let header = read(0, wide ? 64 : 52)
        guard let machine = number(header, 18, 2),
            let segmentsOffset = number(header, wide ? 32 : 28, wide ? 8 : 4),
            let segmentBytes = number(header, wide ? 54 : 42, 2),
            let segmentCount = number(header, wide ? 56 : 44, 2),
            segmentCount == 0 || segmentBytes >= (wide ? 56 : 32)
        else { return nil }
        is64Bit = wide
        self.machine = UInt16(truncatingIfNeeded: machine)
        // At most 65,535 headers of at most 65,535 bytes, bounded by the file itself.
        let table = read(segmentsOffset, Int(segmentBytes * segmentCount))
        guard table.count == Int(segmentBytes * segmentCount) else { return nil }
        for segment in 0..<Int(segmentCount) {
            let at = segment * Int(segmentBytes)
            guard let type = number(table, at, 4), let offset = number(table, at + (wide ? 8 : 4), wide ? 8 : 4),
                let bytes = number(table, at + (wide ? 32 : 16), wide ? 8 : 4)
            else { return nil }
            if UInt32(truncatingIfNeeded: type) == Self.segmentTypeInterpreter {
                guard bytes <= UInt64(Self.interpreterBytesMax) else { return nil }
                let path = read(offset, Int(bytes))
                guard path.count == Int(bytes) else { return nil }
                interpreter = String(decoding: path.prefix { $0 != 0 }, as: UTF8.self)
                return
            }
        }
        interpreter = nil
    }
}
