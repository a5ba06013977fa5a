internal import CNetfilterConntrack

/// The second decoder: libnetfilter_conntrack's, which `conntrack` itself reads with.
///
/// Like ConntrackText this imports nothing that brings the kernel's own headers: libnfnetlink's older copies stand in their way.
public enum PeerDecoder {
    /// The entry in one message, which begins with its `struct nlmsghdr`; nil when the library refuses it.
    public static func decode(_ message: [UInt8]) -> PeerEntry? {
        guard let object = nfct_new() else { return nil }
        defer { nfct_destroy(object) }
        let parsed = message.withUnsafeBytes { bytes in
            nfct_nlmsg_parse(bytes.baseAddress?.assumingMemoryBound(to: nlmsghdr.self), object)
        }
        return parsed == 0 ? ParsedObject(pointer: object).entry : nil
    }
}

/// The library's object for an entry, asked attribute by attribute.
private struct ParsedObject {
    let pointer: OpaquePointer

    var entry: PeerEntry? {
        guard let original = half(.original), let reply = half(.reply) else { return nil }
        var entry = PeerEntry(original: original, reply: reply)
        if let type = byte(ATTR_ICMP_TYPE), let code = byte(ATTR_ICMP_CODE), let id = short(ATTR_ICMP_ID) {
            entry.icmp = PeerEntry.ICMP(type: type, code: code, id: UInt16(bigEndian: id))
        }
        entry.state =
            byte(ATTR_TCP_STATE).map(PeerEntry.State.tcp) ?? byte(ATTR_SCTP_STATE).map(PeerEntry.State.sctp)
            ?? byte(ATTR_DCCP_STATE).map(PeerEntry.State.dccp)
        entry.status = word(ATTR_STATUS) ?? 0
        entry.timeout = word(ATTR_TIMEOUT)
        entry.mark = word(ATTR_MARK) ?? 0
        entry.zone = short(ATTR_ZONE) ?? 0
        entry.id = word(ATTR_ID) ?? 0
        entry.use = word(ATTR_USE) ?? 0
        let counters = [ATTR_ORIG_COUNTER_PACKETS, ATTR_ORIG_COUNTER_BYTES, ATTR_REPL_COUNTER_PACKETS, ATTR_REPL_COUNTER_BYTES].map(long)
        if counters.contains(where: { $0 != nil }) { entry.counters = counters.map { $0 ?? 0 } }
        entry.start = long(ATTR_TIMESTAMP_START)
        entry.stop = long(ATTR_TIMESTAMP_STOP)
        entry.helper = value(ATTR_HELPER_NAME).map { String(cString: $0.assumingMemoryBound(to: CChar.self)) }
        entry.labels = labels
        return entry
    }

    /// The attributes of one direction, in the order source and destination.
    private struct Direction {
        let ipv4, ipv6, ports: (source: nf_conntrack_attr, destination: nf_conntrack_attr)
        let transport, zone: nf_conntrack_attr

        static let original = Direction(
            ipv4: (ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV4_DST), ipv6: (ATTR_ORIG_IPV6_SRC, ATTR_ORIG_IPV6_DST),
            ports: (ATTR_ORIG_PORT_SRC, ATTR_ORIG_PORT_DST), transport: ATTR_ORIG_L4PROTO, zone: ATTR_ORIG_ZONE)
        static let reply = Direction(
            ipv4: (ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV4_DST), ipv6: (ATTR_REPL_IPV6_SRC, ATTR_REPL_IPV6_DST),
            ports: (ATTR_REPL_PORT_SRC, ATTR_REPL_PORT_DST), transport: ATTR_REPL_L4PROTO, zone: ATTR_REPL_ZONE)
    }

    private func half(_ direction: Direction) -> PeerEntry.Half? {
        let source = bytes(direction.ipv4.source, count: 4) ?? bytes(direction.ipv6.source, count: 16)
        let destination = bytes(direction.ipv4.destination, count: 4) ?? bytes(direction.ipv6.destination, count: 16)
        guard let source, let destination, let transport = byte(direction.transport) else { return nil }
        var ports: [UInt16]?
        if let source = short(direction.ports.source), let destination = short(direction.ports.destination) {
            ports = [UInt16(bigEndian: source), UInt16(bigEndian: destination)]
        }
        return PeerEntry.Half(source: source, destination: destination, transport: transport, ports: ports, zone: short(direction.zone))
    }

    private var labels: [Int]? {
        guard isSet(ATTR_CONNLABELS), let mask = nfct_get_attr(pointer, ATTR_CONNLABELS) else { return nil }
        let bits = OpaquePointer(mask)
        return (0...Int(nfct_bitmask_maxbit(bits))).filter { nfct_bitmask_test_bit(bits, UInt32($0)) != 0 }
    }

    private func isSet(_ attribute: nf_conntrack_attr) -> Bool { nfct_attr_is_set(pointer, attribute) > 0 }
    private func value(_ attribute: nf_conntrack_attr) -> UnsafeRawPointer? { isSet(attribute) ? nfct_get_attr(pointer, attribute) : nil }
    private func byte(_ attribute: nf_conntrack_attr) -> UInt8? { isSet(attribute) ? nfct_get_attr_u8(pointer, attribute) : nil }
    private func short(_ attribute: nf_conntrack_attr) -> UInt16? { isSet(attribute) ? nfct_get_attr_u16(pointer, attribute) : nil }
    private func word(_ attribute: nf_conntrack_attr) -> UInt32? { isSet(attribute) ? nfct_get_attr_u32(pointer, attribute) : nil }
    private func long(_ attribute: nf_conntrack_attr) -> UInt64? { isSet(attribute) ? nfct_get_attr_u64(pointer, attribute) : nil }

    private func bytes(_ attribute: nf_conntrack_attr, count: Int) -> [UInt8]? {
        value(attribute).map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
    }
}
