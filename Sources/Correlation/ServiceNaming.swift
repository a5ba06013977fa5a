public import KernelState

/// Services in the words of the cluster, and with what the cluster alone knows of them.
extension [ServiceState] {
    /// The services with their names, and those of the cluster that no table tells of.
    ///
    /// - Parameter admits: whether a service of the cluster, or an endpoint of it, is wanted that has no connections.
    public func named(by names: ClusterNames, where admits: (ServiceIdentity, Endpoint?) -> Bool) -> [ServiceState] {
        if names.isEmpty { return self }
        var named = map { $0.named(by: names, where: admits) }
        let known = Set(map(\.identity))
        for service in names.services where !service.isHeadless {
            for address in service.clusterAddresses {
                for port in service.ports {
                    let identity = ServiceIdentity.address(port.transport, Endpoint(address: address, port: port.port))
                    guard !known.contains(identity), admits(identity, nil) else { continue }
                    named.append(ServiceState(identity: identity, place: 0).named(by: names, where: admits))
                }
            }
        }
        return named
    }
}

extension ServiceState {
    fileprivate func named(by names: ClusterNames, where admits: (ServiceIdentity, Endpoint?) -> Bool) -> ServiceState {
        var service = self
        var endpoints: [ServiceEndpoint]?
        if let transport, let endpoint, let found = names.service(transport, endpoint) {
            service.name = found.description
            service.sources.insert(.kubernetes)
            // A service without a selector may be kept up by something that makes no endpoints here.
            let all = names.endpoints(of: found.service).filter {
                $0.transport == transport && $0.portName == found.portName && $0.endpoint.address.family == endpoint.address.family
            }
            endpoints = all.isEmpty ? nil : all
        }
        if let endpoints, scheduler == nil { service.takeConfiguration(endpoints, where: admits) }
        service.backends = service.backends.map { $0.named(by: names, service.transport) }
        return service
    }

    /// Where IPVS does not tell how the service is configured, its endpoints do.
    private mutating func takeConfiguration(_ endpoints: [ServiceEndpoint], where admits: (ServiceIdentity, Endpoint?) -> Bool) {
        let configured = Set(endpoints.map(\.endpoint))
        let someReplied = backends.contains { $0.connections.replied > 0 }
        let judged = self
        backends = backends.map { backend in
            var backend = backend
            backend.isConfigured = configured.contains(backend.endpoint)
            let expects = judged.transport?.expectsReplies(at: judged.endpoint?.port, backend.endpoint.port) ?? false
            return backend.judged(in: judged, expectsReply: someReplied || expects)
        }
        let seen = Set(backends.map(\.endpoint))
        for endpoint in configured.subtracting(seen).sorted(by: { ($0.address, $0.port ?? 0) < ($1.address, $1.port ?? 0) })
        where admits(identity, endpoint) {
            var backend = BackendState(endpoint: endpoint)
            backend.isConfigured = true
            backends.append(backend.judged(in: judged, expectsReply: false))
        }
    }
}

extension BackendState {
    fileprivate func named(by names: ClusterNames, _ transport: TransportProtocol?) -> BackendState {
        let holder = transport.map { names.pod($0, endpoint) } ?? names.pod(at: endpoint.address)
        let name = AddressName(holder)
        var backend = self
        backend.pod = name.pod
        backend.node = name.node
        backend.isReady = name.isReady
        return backend
    }
}
