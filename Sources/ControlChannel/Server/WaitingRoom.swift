import NIOCore

/// Connections that have not yet said who they are, and how many of them there may be: in all, and from one address.
///
/// Who floods is turned out before others are. From one address newcomers take the place of those that have not said a word;
/// when all of them speak, the newcomer is turned away, as a crowd of honest agents behind one address comes back later. When
/// the room is full, the address with the most loses one. Pure; ids are the caller's.
struct WaitingRoom: Equatable {
    typealias ID = UInt64

    enum Entry: Equatable {
        case welcome
        /// There is room once this one is turned out, which the room has done already.
        case insteadOf(ID)
        /// Not even so.
        case full
    }

    /// In the order of arrival. Those that left stay in until the list is cleaned.
    private struct Line: Equatable {
        private var ids = CircularBuffer<ID>(initialCapacity: 1)

        mutating func append(_ id: ID) { ids.append(id) }

        mutating func pop(_ isHere: (ID) -> Bool) -> ID? {
            while let id = ids.popFirst() {
                if isHere(id) { return id }
            }
            return nil
        }

        mutating func clean(_ count: Int, _ isHere: (ID) -> Bool) {
            guard ids.count > 2 * count + 16 else { return }
            ids.removeAll { !isHere($0) }
        }
    }

    private struct Address: Equatable {
        var silent = Line()
        var speaking = Line()
        var count = 0
    }

    private struct Guest: Equatable {
        let address: String
        var speaks: Bool
    }

    let most: Int
    let mostOfOneAddress: Int
    private var guests: [ID: Guest] = [:]
    private var addresses: [String: Address] = [:]

    init(most: Int, mostOfOneAddress: Int) {
        self.most = max(1, most)
        self.mostOfOneAddress = max(1, mostOfOneAddress)
    }

    var count: Int { guests.count }

    /// - Parameter address: of the peer, without a port.
    mutating func enter(_ id: ID, from address: String) -> Entry {
        var turnedOut: ID?
        if addresses[address]?.count ?? 0 >= mostOfOneAddress {
            turnedOut = turnOut(from: address, evenIfSpeaking: false)
            if turnedOut == nil { return .full }
        } else if guests.count >= most {
            // At most as many addresses as guests, and only under a flood.
            guard let largest = addresses.max(by: { ($0.value.count, $1.key) < ($1.value.count, $0.key) })?.key else {
                return .full
            }
            turnedOut = turnOut(from: largest, evenIfSpeaking: largest != address)
            if turnedOut == nil { return .full }
        }
        guests[id] = Guest(address: address, speaks: false)
        addresses[address, default: Address()].silent.append(id)
        addresses[address]?.count += 1
        return turnedOut.map { .insteadOf($0) } ?? .welcome
    }

    /// Its first bytes came.
    mutating func speaks(_ id: ID) {
        guard let guest = guests[id], !guest.speaks else { return }
        guests[id]?.speaks = true
        addresses[guest.address]?.speaking.append(id)
    }

    /// It said who it is, or is gone.
    mutating func leave(_ id: ID) {
        guard let guest = guests.removeValue(forKey: id) else { return }
        left(guest.address)
    }

    private mutating func turnOut(from name: String, evenIfSpeaking: Bool) -> ID? {
        guard var address = addresses.removeValue(forKey: name) else { return nil }
        let id =
            address.silent.pop { guests[$0].map { !$0.speaks } ?? false }
            ?? (evenIfSpeaking ? address.speaking.pop { guests[$0] != nil } : nil)
        addresses[name] = address
        guard let id else { return nil }
        guests[id] = nil
        left(name)
        return id
    }

    private mutating func left(_ name: String) {
        guard var address = addresses.removeValue(forKey: name) else { return }
        address.count -= 1
        guard address.count > 0 else { return }
        address.silent.clean(address.count) { guests[$0].map { !$0.speaks } ?? false }
        address.speaking.clean(address.count) { guests[$0] != nil }
        addresses[name] = address
    }
}
