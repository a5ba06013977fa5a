public import KernelState

extension ServiceIdentity: CustomStringConvertible {
    /// `tcp 10.96.0.10:80`, or `firewall mark 7`.
    public var description: String {
        switch self {
        case .address(let transport, let endpoint): "\(transport.name) \(endpoint)"
        case .firewallMark(let mark, _): "firewall mark \(mark)"
        }
    }
}

/// Seconds as a person reads them: `5.1 s`, `12 s`.
func secondsText(_ seconds: Double) -> String {
    if seconds >= 10 { return "\(Int(seconds.rounded())) s" }
    let tenths = Int((seconds * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
}

extension Finding {
    /// Takes over what a group of suspects is about: its service, backend and connections.
    mutating func describe(_ group: Suspects.Group, showing suspects: [Suspect]) {
        transport = group.subject.transport
        service = group.subject.service
        backend = group.subject.backend
        connections = suspects.prefix(Self.connectionLimit).map(\.connection)
    }
}
