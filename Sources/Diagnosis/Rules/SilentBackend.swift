import Correlation
import KernelState

/// A backend that is given connections and answers none of them.
struct SilentBackend: Rule {
    static let id = "silent-backend"
    private static let exampleLimit = 256
    private var examples: [BackendKey: [Connection]] = [:]

    func interest(in sample: Sample) -> Interest { .having([.served, .unreplied], [.served, .inIPVS]) }

    /// Keeps some connections of each backend that waits; which of them are silent is known when all are counted.
    mutating func see(_ connection: Connection, in sample: Sample) {
        guard connection.conntrack?.isUnreplied ?? (connection.ipvs?.state == .synRecv), let service = connection.service else { return }
        let key = BackendKey(service: .address(connection.transport, service), backend: connection.backend)
        guard let kept = examples[key] else {
            if examples.count < Self.exampleLimit { examples[key] = [connection] }
            return
        }
        if let same = kept.firstIndex(where: { $0.client == connection.client }) {
            examples[key]?[same] = connection
        } else if kept.count < Finding.connectionLimit {
            examples[key]?.append(connection)
        }
    }

    func report(on subject: Case) -> RuleReport {
        let overlay = OverlayLoss(subject)
        let findings = subject.services.flatMap { service in
            service.backends.compactMap { backend -> Finding? in
                guard backend.verdict == .silent, isLasting(service, backend, subject), !overlay.explains(backend.endpoint),
                    !isAbsent(service, backend, subject)
                else { return nil }
                return finding(service, backend, subject)
            }
        }
        return .findings(findings)
    }

    /// Connections to a backend that the service does not have are another rule's: stale.
    private func isAbsent(_ service: ServiceState, _ backend: BackendState, _ subject: Case) -> Bool {
        guard case .address(let transport, let asked) = service.identity else { return false }
        return subject.last.endpoints.standing(of: backend.endpoint, transport, service: asked) == .absent
    }

    /// A backend that is only just being started or taken away is silent for a moment.
    private func isLasting(_ service: ServiceState, _ backend: BackendState, _ subject: Case) -> Bool {
        guard subject.samples.count > 1 else { return backend.connections.overdue > 0 }
        let before = subject.samples[subject.samples.count - 2]
        return before.silent.contains(BackendKey(service: service.identity, backend: backend.endpoint))
    }

    private func finding(_ service: ServiceState, _ backend: BackendState, _ subject: Case) -> Finding {
        let others = service.backends.filter { $0.endpoint != backend.endpoint && $0.verdict == .answering }
        let name = service.name ?? service.identity.description
        var finding = Finding(
            rule: Self.id, severity: others.isEmpty ? .critical : .warning,
            title: "\(backend.pod ?? "\(backend.endpoint)") does not answer for \(name)",
            cause: cause(backend, others: others.count, subject),
            remedy: "Look at the pod and its readiness probe; take the backend out of the service until it answers.",
            references: service.endpoint?.port == 53 && service.transport == .tcp
                ? ["projectcalico/calico#4851", "kubernetes/kubernetes#113080"] : ["projectcalico/calico#4851"])
        finding.transport = service.transport
        finding.service = service.endpoint
        finding.backend = backend.endpoint
        finding.evidence = [backend.evidence]
        if !others.isEmpty {
            finding.evidence.append("\(counted(others.count, "other backend")) of the service \(others.count == 1 ? "answers" : "answer")")
        }
        finding.measures = [
            Measure("connections", backend.connections.total), Measure("unreplied", backend.connections.unreplied),
            Measure("answering_backends", others.count),
        ]
        finding.connections = examples(of: service, backend, subject)
        finding.commands = NextCommands.capture(backend.endpoint, in: subject)
        finding.commands += ["\(NextCommands.conn(to: backend.endpoint, in: subject)) --watch"]
        finding.commands += NextCommands.delete(finding.connections.prefix(1), in: subject)
        // Without another backend new connections would be refused.
        if !others.isEmpty { finding.offerQuiescence(of: backend, service, subject) }
        return finding
    }

    /// The kept connections of a backend. Those of a firewall mark's service, or of every port's, are known by the backend.
    private func examples(of service: ServiceState, _ backend: BackendState, _ subject: Case) -> [Connection] {
        if let kept = examples[BackendKey(service: service.identity, backend: backend.endpoint)] { return kept }
        let related = examples.filter { key, _ in
            guard case .address(let transport, let asked) = key.service, key.backend.address == backend.endpoint.address else { return false }
            switch service.identity {
            case .firewallMark: return subject.last.endpoints.service(transport, asked) == nil
            case .address(let served, let endpoint): return served == transport && endpoint.address == asked.address && endpoint.port == 0
            }
        }
        let inOrder = related.sorted { "\($0.key.service) \($0.key.backend)" < "\($1.key.service) \($1.key.backend)" }
        return Array(inOrder.flatMap(\.value).prefix(Finding.connectionLimit))
    }

    /// The kernel's own routes and neighbours may say where packets end.
    private func cause(_ backend: BackendState, others: Int, _ subject: Case) -> String {
        // Texts of other tools may tell of connections alone.
        if subject.last.facts.routes.isEmpty { return Self.unknownPlace(others: others) }
        guard let path = subject.routes.paths(to: backend.endpoint.address).first else {
            return "This node has no route to \(backend.endpoint.address)."
        }
        guard let interface = path.interface else { return "The route to \(backend.endpoint.address) leads nowhere." }
        if !interface.isUp { return "The link \(interface.name), which leads to the backend, is down." }
        let failed = subject.last.facts.neighbours.contains {
            $0.interface == interface.index && $0.address == path.nextHop && $0.state & 0x20 != 0
        }
        if failed { return "Nobody answers for \(path.nextHop) on \(interface.name): the pod or its node is gone." }
        return Self.unknownPlace(others: others)
    }

    private static func unknownPlace(others: Int) -> String {
        others > 0
            ? "The backend, or the way to it, is dead, while the service still sends it a share of the clients."
            : "No backend of the service answers: the backends, the way to them, or a policy between."
    }
}

extension Finding {
    fileprivate mutating func offerQuiescence(of backend: BackendState, _ service: ServiceState, _ subject: Case) {
        let offered = NextCommands.quiesce(backend, of: service, beginning: connections, in: subject)
        if offered.isEmpty { return }
        remedy = "Look at the pod and its readiness probe; until it answers keep new connections from it by weight 0."
        if connections.contains(where: \.isBegunBySYN) {
            remedy += " \(IPVSSetting.expireWithoutBackend)=1 lets SYNs that are sent again choose another backend."
        }
        commands += offered
    }
}
