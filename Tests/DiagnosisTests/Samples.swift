import KernelState

@testable import Diagnosis

/// What the tests make samples of: addresses as text, seconds as numbers.
enum Lab {
    static func address(_ text: String) -> IPAddress { IPAddress(text)! }

    static func end(_ text: String, _ port: UInt16) -> Endpoint { Endpoint(address: address(text), port: port) }

    static func sample(at seconds: UInt64, services: [VirtualService] = [], _ change: (inout NodeFacts) -> Void = { _ in }) -> Sample {
        var facts = NodeFacts()
        change(&facts)
        return Sample(takenAt: (1_000 + seconds) * 1_000_000_000, facts: facts, services: services)
    }

    static func place(kernel: String = "6.1.0", namespace: String = "host") -> Place {
        Place(node: "node1", kernel: kernel, namespace: NetworkNamespace(name: namespace, inode: 1), takenAt: 0)
    }

    /// A conntrack entry of a client to a service that is translated to a backend.
    static func flow(
        _ transport: TransportProtocol, client: Endpoint, service: Endpoint, backend: Endpoint, state: TCPState? = nil,
        replied: Bool = false, timeout: UInt32
    ) -> Connection {
        let original = Tuple(
            source: client.address, destination: service.address, transport: transport,
            detail: .ports(source: client.port!, destination: service.port!))
        let reply = Tuple(
            source: backend.address, destination: client.address, transport: transport,
            detail: .ports(source: backend.port!, destination: client.port!))
        var flow = Flow(original: original, reply: reply)
        flow.state = state.map { .tcp($0) }
        flow.status = replied ? [.confirmed, .seenReply] : [.confirmed]
        flow.timeout = timeout
        var connection = Connection(transport: transport, client: client, service: service == backend ? nil : service, backend: backend)
        connection.conntrack = flow
        return connection
    }

    static func row(client: Endpoint, service: Endpoint, backend: Endpoint, state: String, expires: UInt32) -> Connection {
        var connection = Connection(transport: .tcp, client: client, service: service, backend: backend)
        connection.ipvs = IPVSConnection(
            transport: .tcp, client: client, service: service, backend: backend, state: IPVSState(state), expires: expires)
        connection.forwarding = .masquerade
        return connection
    }

    static func virtual(_ transport: TransportProtocol, _ service: Endpoint, _ backends: [(Endpoint, UInt32)]) -> VirtualService {
        var virtual = VirtualService(identity: .address(transport, service), scheduler: "rr")
        virtual.backends = backends.map { Backend(endpoint: $0.0, forwarding: .masquerade, weight: $0.1) }
        return virtual
    }

    /// Shows one rule some readings and asks it.
    static func ask(
        _ rule: some Rule, on place: Place = place(), _ readings: [(sample: Sample, connections: [Connection])]
    ) -> Diagnosis {
        var examination = Examination(place, at: 0, rules: [rule])
        for reading in readings {
            examination.begin(reading.sample)
            for connection in reading.connections { examination.see(connection) }
            examination.end(conntrack: TableCoverage(available: true, complete: true), ipvs: TableCoverage(available: true, complete: true))
        }
        return examination.diagnosis()
    }
}
