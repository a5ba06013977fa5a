internal import KernelState

// What `ipvsadm -Ln` and `ipvsadm -Sn` say of a service in words of their own.
extension ServiceText {
    mutating func addFlags(_ more: UInt32) { flags = (flags ?? 0) | more }

    /// Takes the seconds of a persistence. The mask is named only where it is not that of a single client.
    mutating func takePersistence(_ seconds: UInt32) {
        addFlags(VirtualService.persistentFlag)
        persistence = seconds
        persistenceNetmask = identity.family == .ipv4 ? .max : 128
    }

    /// `255.255.255.0`, or the length of an IPv6 prefix.
    static func netmask(_ text: UnsafeRawBufferPointer) -> UInt32? {
        if let address = IPAddress(utf8: text), address.family == .ipv4 { return UInt32(truncatingIfNeeded: address.low) }
        return LineWords(text).decimal(text.indices).flatMap(UInt32.init(exactly:))
    }

    /// `IP_VS_SVC_F_SCHED1` to 3, by a scheduler's own names for them (`sh-fallback,sh-port`) or as `flag-1`.
    mutating func takeSchedulerFlags(_ text: String) {
        for name in text.split(whereSeparator: { ",()".contains($0) }) {
            switch name {
            case "flag-1", "sh-fallback", "mh-fallback": addFlags(0x8)
            case "flag-2", "sh-port", "mh-port": addFlags(0x10)
            case "flag-3": addFlags(0x20)
            default: break
            }
        }
    }
}
