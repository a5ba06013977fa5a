import KernelState

/// A service without a backend that takes connections.
struct NoBackends: Rule {
    static let id = "no-backends"
    private var clients = Suspects()

    func interest(in sample: Sample) -> Interest { sample.endpoints.emptyServices.isEmpty ? .none : .having([.served], [.unreplied]) }

    mutating func see(_ connection: Connection, in sample: Sample) {
        let service = connection.service ?? connection.backend
        if sample.endpoints.emptyServices.contains(.address(connection.transport, service)) {
            clients.note(connection, timer: nil, in: sample)
        }
    }

    func report(on subject: Case) -> RuleReport {
        let asked = clients.present(in: subject.last)
        return .findings(
            subject.last.endpoints.emptyServices.sorted { $0.description < $1.description }.compactMap { service in
                let drained = subject.last.services.first { $0.identity == service }?.backends ?? []
                guard subject.scope.admits(service, backends: drained) else { return nil }
                let groups = asked.filter { .address($0.subject.transport, $0.subject.service ?? $0.subject.backend) == service }
                return finding(service, groups, drained: drained.count, isFiltered: subject.scope.hidesConnections(of: service))
            })
    }

    /// False for a service of a firewall mark or of every port: which connections are its own, their addresses and ports do not tell.
    private static func isNamedByConnections(_ service: ServiceIdentity) -> Bool {
        service.endpoint.map { $0.port != 0 } ?? false
    }

    private func finding(_ service: ServiceIdentity, _ groups: [Suspects.Group], drained: Int, isFiltered: Bool) -> Finding {
        let connections = groups.reduce(0) { $0 + $1.count }
        let why = drained == 0 ? "has no backend" : "has \(counted(drained, "backend")), all of weight 0"
        var finding = Finding(
            rule: Self.id, severity: connections > 0 ? .critical : .info, title: "\(service) \(why)",
            cause: "No endpoint is ready, so nothing is left to send a client to: new connections are refused.",
            remedy: "Look why the service's pods are not ready, or whether its selector matches any.",
            references: ["kubernetes/kubernetes#48370"])
        if case .address(let transport, let endpoint) = service {
            finding.transport = transport
            finding.service = endpoint
        }
        finding.evidence = ["the service \(why)"]
        finding.measures = [Measure("backends", drained)]
        if Self.isNamedByConnections(service) {
            let place = isFiltered ? "within the filter" : "in the tables"
            finding.evidence.append(
                connections > 0 ? "\(counted(connections, "connection")) to it \(place): clients use it" : "no connection to it \(place)")
            finding.measures.append(Measure("connections", connections))
        }
        finding.connections = Array(groups.flatMap(\.kept).map(\.connection).prefix(Finding.connectionLimit))
        finding.commands = ["kubectl get endpointslices,pods -A -o wide"]
        return finding
    }
}
