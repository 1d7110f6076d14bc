import L45Model
import Testing

@testable import HiccupsGuard

@Suite("The functions that make fragments")
struct FunctionTests {
    @Test("CRC-32, MurmurHash3 and SipHash agree with their authors' vectors")
    func vectors() throws {
        #expect(CRC32.hash(Array("123456789".utf8).span) == 0xcbf4_3926)
        #expect(Murmur3.hash([UInt8]().span, seed: 0) == 0)
        #expect(Murmur3.hash([UInt8]().span, seed: 1) == 0x514e_28b7)
        #expect(Murmur3.hash(Array("Hello, world!".utf8).span, seed: 1234) == 0xfaf6_cdb3)
        #expect(
            Murmur3.hash(Array("The quick brown fox jumps over the lazy dog".utf8).span, seed: 0x9747_b28c)
                == 0x2fa8_26cd)
        let key = try Samples.key(0)
        #expect(SipHash.hash([UInt8]().span, key: key) == 0x726f_db47_dd0e_0e31)
        #expect(SipHash.hash([UInt8](0..<15).span, key: key) == 0xa129_ca61_49be_45e5)
    }

    @Test("A path key has 128 bits, and does not print them")
    func keys() throws {
        #expect(PathKey(Secret([1, 2, 3])) == nil)
        #expect(PathKey(Secret([UInt8](repeating: 0, count: 17))) == nil)
        #expect(try Samples.key(1).description == "path key (128 bits)")
    }

    /// The CRC is linear: it misses some differences always. Then the other two must see them.
    @Test(
        "Every change of table 7.6 changes at least two fragments of each type that covers it",
        arguments: HeaderChange.allCases)
    func seen(change: HeaderChange) throws {
        for seed in UInt64(1)...50 {
            let path = Samples.path(try Samples.template(for: change), forward: [change], seed: seed)
            let old = path.initiator.template
            let new = path.box.forward(old)
            let difference = HeaderComparison(sent: old, received: new)
            for coverage in difference.changed {
                let before = FragmentFunctions.plain.fragments(of: FragmentInput(old, .forward, .covering(coverage)))
                let after = FragmentFunctions.plain.fragments(of: FragmentInput(new, .forward, .covering(coverage)))
                let same = Carrier.allCases.count { before[$0] == after[$0] }
                #expect(same < 2, "\(change) is not seen by \(coverage.name)")
            }
        }
    }

    @Test("Each type covers just what table 5.4 says: one changed field is seen by its types and by no other")
    func coverage() throws {
        let base = try Samples.syn()
        typealias Edit = (inout HandshakePacket) -> Void
        func header(_ edit: @escaping (inout IPv4Header) -> Void) -> Edit {
            { packet in
                guard case .v4(var header) = packet.ip else { return }
                edit(&header)
                packet.ip = .v4(header)
            }
        }
        func option(_ kind: UInt8, _ byte: Int) -> Edit {
            { packet in
                guard let place = packet.tcp.options.first(kind) else { return }
                packet.tcp.options.set(place, byte: byte, to: 0x55)
            }
        }
        let wide: Set<Coverage> = [.noNAT, .full]
        let cases: [(String, Edit, Set<Coverage>)] = [
            ("TTL", header { $0.timeToLive -= 1 }, []),
            ("DSCP", header { $0.dscp = 46 }, []),
            ("acknowledgement", { $0.tcp.acknowledgement = 5 }, []),
            ("carriers", { $0.setCarriers(PerCarrier(1, 2, 3), salt: 9) }, []),
            ("source address", header { $0.source += 1 }, [.nat, .full]),
            ("destination address", header { $0.destination += 1 }, [.nat, .full]),
            ("source port", { $0.tcp.sourcePort += 1 }, [.nat, .full]),
            ("destination port", { $0.tcp.destinationPort += 1 }, [.nat, .full]),
            ("ECN codepoint", header { $0.ecn = .ect1 }, wide.union([.noOptions, .ecnIP])),
            ("ECE", { $0.tcp.flags.remove(.ece) }, wide.union([.noOptions, .ecnTCP])),
            ("NS", { $0.tcp.flags.insert(.ns) }, wide.union([.noOptions, .ecnTCP])),
            ("DF", header { $0.dontFragment = false }, wide.union([.noOptions, .flags])),
            ("PSH", { $0.tcp.flags.insert(.psh) }, wide.union([.noOptions, .flags])),
            ("IP reserved bit", header { $0.reservedBit = true }, wide.union([.noOptions, .safe])),
            ("TCP reserved bits", { $0.tcp.reservedBits = 1 }, wide.union([.noOptions, .safe])),
            ("urgent pointer", { $0.tcp.urgentPointer = 1 }, wide.union([.noOptions])),
            ("payload", { $0.payload = [1] }, wide.union([.noOptions, .lengths])),
            ("MSS", option(2, 2), wide.union([.onlyOptions, .mss])),
            ("window scale", option(3, 2), wide.union([.onlyOptions, .windowScale])),
            ("timestamp", option(8, 9), wide.union([.onlyOptions, .timestamp])),
            ("unused option", option(99, 2), wide.union([.onlyOptions, .experimental])),
            (
                "SACK-permitted",
                { packet in
                    if let place = packet.tcp.options.first(4) { packet.tcp.options.blank(place) }
                }, wide.union([.onlyOptions, .flags])
            ),
        ]
        for (name, edit, expected) in cases {
            var changed = base
            edit(&changed)
            let compared = HeaderComparison(sent: base, received: changed)
            #expect(compared.changed == expected, "\(name), by comparison")
            for coverage in Coverage.allCases {
                let before = FragmentFunctions.plain.fragments(of: FragmentInput(base, .forward, .covering(coverage)))
                let after = FragmentFunctions.plain.fragments(of: FragmentInput(changed, .forward, .covering(coverage)))
                #expect((before != after) == expected.contains(coverage), "\(name), by \(coverage.name)")
            }
        }
    }

    @Test("What a type contains is intact where the type is: each subset's fields are among its own")
    func subsets() {
        for coverage in Coverage.allCases {
            for subset in coverage.subsets where subset.optionKind == nil {
                let fields = subset.fields.subtracting(.sackPermitted)
                #expect(coverage.fields.isSuperset(of: fields), "\(subset.name) in \(coverage.name)")
            }
            for subset in coverage.subsets where subset.optionKind != nil || subset == .flags {
                #expect(coverage.fields.contains(.options), "\(subset.name) in \(coverage.name)")
            }
            #expect(Coverage(name: coverage.name.lowercased()) == coverage)
        }
    }

    @Test("The same header gives other fragments in each direction, under each type and in each exchange")
    func domains() throws {
        let packet = try Samples.syn()
        var seen: Set<PerCarrier<UInt16>> = []
        for direction in Direction.allCases {
            for coverage in Coverage.allCases {
                seen.insert(
                    FragmentFunctions.plain.fragments(of: FragmentInput(packet, direction, .covering(coverage))))
            }
            seen.insert(FragmentFunctions.plain.fragments(of: FragmentInput(packet, direction, .changed)))
            seen.insert(FragmentFunctions.plain.fragments(of: FragmentInput(packet, direction, .echo(1))))
        }
        #expect(seen.count == 36)
        let key = try Samples.key(9)
        let input = FragmentInput(packet, .forward, .covering(.noNAT))
        let exchanges = (0..<100).map { FragmentFunctions.keyed(key, exchange: $0).fragments(of: input) }
        #expect(Set(exchanges).count == 100)
    }
}
