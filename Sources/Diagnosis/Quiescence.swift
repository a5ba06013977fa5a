import KernelState

/// Settings of IPVS that decide whether clients stay with a backend that serves no more.
enum IPVSSetting {
    /// 1 forgets a connection whose backend is gone, and one whose backend has weight 0 when its client sends another SYN.
    static let expireWithoutBackend = "net.ipv4.vs.expire_nodest_conn"
    /// 1 lets the clients of a persistent service leave a backend of weight 0.
    static let expireQuiescentTemplate = "net.ipv4.vs.expire_quiescent_template"
}

extension NextCommands {
    /// Keeps new connections from a backend of IPVS, and lets those that are being begun choose another.
    ///
    /// IPVS sends a SYN that is sent again where it sent the first, and each renews its entry, for 60 s: weight 0 alone changes nothing
    /// for them.
    static func quiesce(_ backend: BackendState, of service: ServiceState, beginning: [Connection], in subject: Case) -> [String] {
        guard let edit = edit(backend, of: service) else { return [] }
        var settings: [String] = []
        if beginning.contains(where: \.isBegunBySYN) { settings.append(IPVSSetting.expireWithoutBackend) }
        if service.flags & VirtualService.persistentFlag != 0 { settings.append(IPVSSetting.expireQuiescentTemplate) }
        return [subject.commandPrefix + edit] + enable(settings, in: subject)
    }

    /// Edits nothing but the weight: what ipvsadm is not told, it sets to its defaults. nil for what cannot be told it: the kind of a
    /// tunnel, which no table here has, and a backend that the kernel itself made a local one.
    private static func edit(_ backend: BackendState, of service: ServiceState) -> String? {
        let forwarding: String
        switch backend.forwarding {
        case .masquerade: forwarding = "-m"
        case .route: forwarding = "-g"
        case .tunnel, .local, .bypass, nil: return nil
        }
        guard let option = serviceOption(service.identity) else { return nil }
        var words = "ipvsadm -e \(option) -r \(backend.endpoint) \(forwarding) -w 0"
        if let upper = backend.upperThreshold, upper > 0 { words += " -x \(upper)" }
        if let lower = backend.lowerThreshold, lower > 0 { words += " -y \(lower)" }
        return words
    }

    private static func serviceOption(_ service: ServiceIdentity) -> String? {
        switch service {
        case .address(.tcp, let endpoint): "-t \(endpoint)"
        case .address(.udp, let endpoint): "-u \(endpoint)"
        case .address(.sctp, let endpoint): "--sctp-service \(endpoint)"
        case .address: nil
        case .firewallMark(let mark, .ipv4): "-f \(mark)"
        case .firewallMark(let mark, .ipv6): "-f \(mark) -6"
        }
    }
}

extension Connection {
    /// True for protocols whose connections IPVS sees begin: by a SYN or an INIT.
    var isBegunBySYN: Bool { transport == .tcp || transport == .sctp }
}
