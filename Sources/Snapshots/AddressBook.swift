internal import GRDB
internal import KernelState

/// Gives each address of a file its number, in the order in which they are met: an entry then refers to four of them in a few bytes.
///
/// Open addressing: 8 to 16 bytes for the slot of an address, beside those of ``AddressList``.
struct AddressBook {
    private var addresses = AddressList()
    private var slots = [UInt32](repeating: 0, count: 1_024)
    private var written = 0

    /// The address' number, from 1.
    @inline(__always)
    mutating func number(of address: IPAddress) -> UInt32 {
        let mask = slots.count - 1
        var index = Self.hash(address) & mask
        while slots[index] != 0 {
            let number = slots[index]
            if addresses[Int(number) - 1] == address { return number }
            index = (index + 1) & mask
        }
        addresses.append(address)
        let number = UInt32(addresses.count)
        slots[index] = number
        if addresses.count * 2 > slots.count { grow() }
        return number
    }

    mutating func number(of address: IPAddress?) -> UInt32? { address.map { number(of: $0) } }

    @inline(__always)
    private static func hash(_ address: IPAddress) -> Int {
        var fingerprint = Fingerprint()
        fingerprint.mix(address)
        return Int(truncatingIfNeeded: fingerprint.value)
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        for number in 0..<addresses.count {
            var index = Self.hash(addresses[number]) & mask
            while slots[index] != 0 { index = (index + 1) & mask }
            slots[index] = UInt32(number + 1)
        }
    }

    /// Writes the addresses that have come since the last time.
    mutating func flush(_ database: Database) throws {
        let insert = try HotStatement(database, "INSERT INTO addresses VALUES (?, ?, ?)")
        while written < addresses.count {
            let address = addresses[written]
            written += 1
            insert.bind(1, written)
            insert.bind(2, blob: address.networkBytes)
            insert.bind(3, text: address.description)
            try insert.run()
        }
    }

    /// Reads the addresses of a file, each at its number.
    static func read(_ database: Database) throws -> AddressTable {
        let rows = try HotStatement(database, "SELECT address, bytes FROM addresses ORDER BY address")
        var addresses = AddressList()
        while try rows.next() {
            guard rows.int64(0) == addresses.count + 1, let address = IPAddress(bytes: rows.blob(1)) else {
                throw DatabaseError.damaged("an address is missing or malformed")
            }
            addresses.append(address)
        }
        return AddressTable(addresses: addresses)
    }
}

/// The addresses of a file by their numbers.
struct AddressTable {
    fileprivate let addresses: AddressList

    @inline(__always)
    func address(_ number: Int64) throws -> IPAddress {
        guard number > 0, number <= addresses.count else { throw DatabaseError.damaged("an entry names an address that is not there") }
        return addresses[Int(number) - 1]
    }

    /// The numbers that the file has for addresses.
    func numbers(of wanted: Set<IPAddress>) -> [IPAddress: Int64] {
        var numbers: [IPAddress: Int64] = [:]
        if wanted.isEmpty { return numbers }
        for index in 0..<addresses.count where wanted.contains(addresses[index]) { numbers[addresses[index]] = Int64(index) + 1 }
        return numbers
    }
}

extension IPAddress {
    /// - Parameter bytes: 4 or 16 of them, as ``networkBytes`` has them.
    init?(bytes: UnsafeRawBufferPointer) {
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(ipv4: UInt32(word(0..<4)))
        case 16: self.init(ipv6High: word(0..<8), low: word(8..<16))
        default: return nil
        }
    }
}
