import KernelState

/// A backend of weight 0 that the cluster calls ready.
struct WeightZeroReady: Rule {
    static let id = "weight-zero-ready"

    func report(on subject: Case) -> RuleReport {
        let drained = subject.last.services.filter { $0.backends.contains { $0.weight == 0 } }
        if drained.isEmpty { return .silence }
        let names = subject.last.names
        if names.isEmpty { return .unchecked("whether a backend of weight 0 is ready only the cluster knows: --kube") }
        return .findings(
            drained.flatMap { service in
                service.backends.compactMap { backend -> Finding? in
                    guard backend.weight == 0, subject.scope.admits(service.identity, backend: backend.endpoint),
                        case .address(let transport, let address) = service.identity,
                        let name = names.service(transport, address)
                    else { return nil }
                    let ready = names.endpoints(transport, at: backend.endpoint).first {
                        $0.service == name.service && $0.isReady && !$0.isTerminating
                    }
                    return ready.map { finding(service, backend, $0, name) }
                }
            })
    }

    private func finding(_ service: VirtualService, _ backend: Backend, _ ready: ServiceEndpoint, _ name: ServiceName) -> Finding {
        let pod = ready.pod.map { "\($0)" } ?? "\(backend.endpoint)"
        var finding = Finding(
            rule: Self.id, severity: .warning, title: "\(pod) is ready and gets no connections of \(name): its weight is 0",
            cause: "kube-proxy set the weight to 0 as the pod's address was going away, and was restarted before it could take the backend out.",
            remedy: "Take the backend out: kube-proxy adds it again with its weight.",
            references: ["kubernetes/kubernetes#92019", "kubernetes/kubernetes#108319"])
        guard case .address(let transport, let address) = service.identity else { return finding }
        finding.transport = transport
        finding.service = address
        finding.backend = backend.endpoint
        finding.evidence = ["weight 0 in IPVS; an endpoint slice of \(name.service) has \(backend.endpoint) as ready"]
        finding.measures = [Measure("weight", 0), Measure("active", backend.activeConnections), Measure("inactive", backend.inactiveConnections)]
        finding.commands = ["ipvsadm -d -\(transport == .udp ? "u" : "t") \(address) -r \(backend.endpoint)"]
        return finding
    }
}
