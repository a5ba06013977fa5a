internal import KernelState

/// The blocks whose meaning everybody knows (IANA's special-purpose registries): an address stays in the one that it is in.
enum AddressClasses {
    static let ipv4 =
        ["0.0.0.0/32", "127.0.0.0/8", "224.0.0.0/24", "255.255.255.255/32"].map { block($0, isKept: true) }
        + [
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24", "192.168.0.0/16",
            "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        ].map { block($0, isKept: false) }

    static let ipv6 =
        ["::/128", "::1/128", "ff01::/112", "ff02::/112"].map { block($0, isKept: true) }
        + ["2000::/3", "2001:db8::/32", "fc00::/8", "fd00::/8", "fe80::/10", "ff00::/8", "ff02::/16", "ff05::/16"].map {
            block($0, isKept: false)
        } + embedding

    /// Their addresses hold an IPv4 address in the low 32 bits, which is replaced as it is where it stands alone.
    static let embedding = ["::ffff:0:0/96", "64:ff9b::/96"].map { block($0, isKept: false) }

    /// No address, everybody's, and the four kinds that the two leading bits tell apart.
    static let link: [PrefixMapping.Block] =
        [0, 0xffff_ffff_ffff].map { PrefixMapping.Block(prefix: $0 << 80, length: 48, isKept: true) }
        + (0...3).map { PrefixMapping.Block(prefix: $0 << 126, length: 2, isKept: false) }

    private static func block(_ text: String, isKept: Bool) -> PrefixMapping.Block {
        let parts = text.split(separator: "/")
        guard parts.count == 2, let address = IPAddress(parts[0]), let length = Int(parts[1]) else {
            preconditionFailure("\(text) is no block of addresses")
        }
        return PrefixMapping.Block(prefix: address.number << UInt128(128 - address.bitWidth), length: length, isKept: isKept)
    }
}
