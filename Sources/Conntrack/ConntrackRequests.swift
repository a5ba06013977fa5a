internal import CLinux
internal import Glibc
internal import KernelState
internal import Netlink

/// The ctnetlink messages that kstate sends. All of them read; `IPCTNL_MSG_CT_GET_CTRZERO`, which zeroes counters, is not among them.
enum ConntrackRequests {
    /// `NFNL_SUBSYS_CTNETLINK` in the high byte.
    static func type(_ message: cntl_msg_types) -> UInt16 {
        UInt16(NFNL_SUBSYS_CTNETLINK) << 8 | UInt16(message.rawValue)
    }

    /// A dump of the table, or of the part that `walk` describes.
    static func dump(_ message: cntl_msg_types = IPCTNL_MSG_CT_GET, walk: KernelWalk?) throws(KernelStateError) -> NetlinkRequest {
        let family = walk?.family?.rawValue ?? UInt8(AF_UNSPEC)
        var request = try NetlinkRequest(netfilterType: type(message), flags: UInt16(NLM_F_DUMP), family: family)
        guard let walk else { return request }
        if let mark = walk.mark { putMasked(mark, CTA_MARK, CTA_MARK_MASK, into: &request) }
        if let status = walk.status { putMasked(status, CTA_STATUS, CTA_STATUS_MASK, into: &request) }
        if let zone = walk.zone { request.put(Int(CTA_ZONE.rawValue), bigEndian: zone) }
        if walk.filtersTuple { putTupleFilter(walk, into: &request) }
        return request
    }

    /// The entry of exactly this original tuple and zone.
    static func lookup(_ flow: Flow) throws(KernelStateError) -> NetlinkRequest {
        var request = try NetlinkRequest(netfilterType: type(IPCTNL_MSG_CT_GET), flags: 0, family: flow.family.rawValue)
        putTuple(flow.original, into: &request)
        if flow.zone != 0 { request.put(Int(CTA_ZONE.rawValue), bigEndian: flow.zone) }
        return request
    }

    private static func putMasked(
        _ masked: KernelWalk.Masked, _ value: ctattr_type, _ mask: ctattr_type, into request: inout NetlinkRequest
    ) {
        request.put(Int(value.rawValue), bigEndian: masked.value)
        request.put(Int(mask.rawValue), bigEndian: masked.mask)
    }

    private static func putTuple(_ tuple: Tuple, into request: inout NetlinkRequest) {
        request.nest(Int(CTA_TUPLE_ORIG.rawValue)) { request in
            request.nest(Int(CTA_TUPLE_IP.rawValue)) { request in
                putAddress(tuple.source, CTA_IP_V4_SRC, CTA_IP_V6_SRC, into: &request)
                putAddress(tuple.destination, CTA_IP_V4_DST, CTA_IP_V6_DST, into: &request)
            }
            request.nest(Int(CTA_TUPLE_PROTO.rawValue)) { request in
                request.put(Int(CTA_PROTO_NUM.rawValue), tuple.transport.rawValue)
                putDetail(tuple, into: &request)
            }
            if let zone = tuple.zone { request.put(Int(CTA_TUPLE_ZONE.rawValue), bigEndian: zone) }
        }
    }

    private static func putAddress(_ address: IPAddress, _ v4: ctattr_ip, _ v6: ctattr_ip, into request: inout NetlinkRequest) {
        request.put(Int((address.family == .ipv4 ? v4 : v6).rawValue), bytes: address.networkBytes)
    }

    private static func putDetail(_ tuple: Tuple, into request: inout NetlinkRequest) {
        switch tuple.detail {
        case .ports(let source, let destination):
            request.put(Int(CTA_PROTO_SRC_PORT.rawValue), bigEndian: source)
            request.put(Int(CTA_PROTO_DST_PORT.rawValue), bigEndian: destination)
        case .icmp(let type, let code, let id):
            let isIPv6 = tuple.transport == .icmpv6
            request.put(Int((isIPv6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID).rawValue), bigEndian: id)
            request.put(Int((isIPv6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE).rawValue), type)
            request.put(Int((isIPv6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE).rawValue), code)
        case .none:
            break
        }
    }

    /// The tuple's wanted fields, and `CTA_FILTER`, whose flags say which of them count.
    private static func putTupleFilter(_ walk: KernelWalk, into request: inout NetlinkRequest) {
        let tuple = walk.half == .original ? CTA_TUPLE_ORIG : CTA_TUPLE_REPLY
        request.nest(Int(tuple.rawValue)) { request in
            if walk.ipv4Source != nil || walk.ipv4Destination != nil {
                request.nest(Int(CTA_TUPLE_IP.rawValue)) { request in
                    if let source = walk.ipv4Source { request.put(Int(CTA_IP_V4_SRC.rawValue), bigEndian: source) }
                    if let destination = walk.ipv4Destination { request.put(Int(CTA_IP_V4_DST.rawValue), bigEndian: destination) }
                }
            }
            if let transport = walk.transport {
                request.nest(Int(CTA_TUPLE_PROTO.rawValue)) { request in
                    request.put(Int(CTA_PROTO_NUM.rawValue), transport.rawValue)
                    if let port = walk.sourcePort { request.put(Int(CTA_PROTO_SRC_PORT.rawValue), bigEndian: port) }
                    if let port = walk.destinationPort { request.put(Int(CTA_PROTO_DST_PORT.rawValue), bigEndian: port) }
                }
            }
        }
        request.nest(Int(CTA_FILTER.rawValue)) { request in
            let half = walk.half == .original ? CTA_FILTER_ORIG_FLAGS : CTA_FILTER_REPLY_FLAGS
            request.put(Int(half), hostEndian: filterFlags(walk))
        }
    }

    // enum ctattr_filter and the kernel's ctnetlink_filter flags (nf_internals.h), which no UAPI header carries. The flags
    // are in host byte order, unlike every other number of ctnetlink.
    private static let CTA_FILTER_ORIG_FLAGS = 1
    private static let CTA_FILTER_REPLY_FLAGS = 2

    private static func filterFlags(_ walk: KernelWalk) -> UInt32 {
        var flags: UInt32 = 0
        if walk.ipv4Source != nil { flags |= 1 << 0 }
        if walk.ipv4Destination != nil { flags |= 1 << 1 }
        if walk.transport != nil { flags |= 1 << 3 }
        if walk.sourcePort != nil { flags |= 1 << 4 }
        if walk.destinationPort != nil { flags |= 1 << 5 }
        return flags
    }
}
