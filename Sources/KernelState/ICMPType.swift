/// Message types of ICMP and ICMPv6.
public enum ICMPType {
    /// `invmap` of the kernel's ICMP trackers: the type that answers a type, 0 for 8 and so on.
    public static func answer(to type: UInt8) -> UInt8 {
        switch type {
        case 0: 8
        case 8: 0
        case 13, 15, 17: type + 1
        case 14, 16, 18: type - 1
        case 128: 129
        case 129: 128
        case 139: 140
        case 140: 139
        default: type
        }
    }
}
