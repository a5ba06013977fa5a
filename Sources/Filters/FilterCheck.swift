internal import KernelState

extension ConnectionFilter {
    /// - Throws: an error when no connection could ever pass.
    public func checkForContradictions() throws(FilterError) {
        try checkFamilies()
        try checkTables()
        try checkPorts()
    }

    private func checkFamilies() throws(FilterError) {
        guard let family else { return }
        let name = family == .ipv4 ? "4" : "6"
        for (option, patterns) in [("--client", clients), ("--service", services)] {
            let addresses = patterns.compactMap(\.network)
            if !addresses.isEmpty, addresses.count == patterns.count, addresses.allSatisfy({ $0.family != family }) {
                throw FilterError("--family \(name) and \(option) \(addresses[0]) exclude each other: drop one of them")
            }
        }
        if family == .ipv6, protocols == [.icmp] { throw FilterError("--family 6 and --protocol icmp exclude each other: IPv6 has icmpv6") }
        if family == .ipv4, protocols == [.icmpv6] { throw FilterError("--family 4 and --protocol icmpv6 exclude each other: IPv4 has icmp") }
    }

    private func checkTables() throws(FilterError) {
        guard table == .ipvs else { return }
        for (given, option) in [(unreplied, "--unreplied"), (zone != nil, "--zone"), (mark != nil, "--mark")] where given {
            throw FilterError("--table ipvs and \(option) exclude each other: only conntrack knows it")
        }
    }

    private func checkPorts() throws(FilterError) {
        guard let ports else { return }
        if !protocols.isEmpty, !protocols.contains(where: \.hasPorts) {
            throw FilterError("--port and --protocol \(protocols.map(\.name).sorted().joined(separator: ",")) exclude each other: no ports there")
        }
        let fixed = [services, backends].map { patterns in patterns.compactMap(\.port) }
        let allFixed = zip(fixed, [services, backends]).allSatisfy { !$1.isEmpty && $0.count == $1.count }
        if allFixed, !fixed.joined().contains(where: { ports.contains($0) }) {
            throw FilterError("--port excludes the ports of --service and --backend: drop it, or give the same port")
        }
    }
}
