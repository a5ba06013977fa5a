import Correlation
import KernelState
import Testing

private func flow(_ client: (UInt32, UInt16), _ asked: (UInt32, UInt16), _ backend: (UInt32, UInt16), seen: (UInt32, UInt16)) -> Flow {
    Flow(
        original: Tuple(
            source: IPAddress(ipv4: client.0), destination: IPAddress(ipv4: asked.0), transport: .tcp,
            detail: .ports(source: client.1, destination: asked.1)),
        reply: Tuple(
            source: IPAddress(ipv4: backend.0), destination: IPAddress(ipv4: seen.0), transport: .tcp,
            detail: .ports(source: backend.1, destination: seen.1)))
}

@Suite struct TwinIndexTests {
    /// Node 0 translates the service to a pod of node 1, and masquerades the client, port and all.
    private let leaving = flow((1, 40_000), (100, 80), (20, 8080), seen: (10, 51_000))
    private let arriving = flow((10, 51_000), (20, 8080), (20, 8080), seen: (10, 51_000))

    @Test func `what leaves one node is found on the other by what is on the wire`() {
        var index = TwinIndex()
        index.want(leaving)
        index.offer(leaving, at: 0)
        index.offer(flow((10, 51_001), (20, 8080), (20, 8080), seen: (10, 51_001)), at: 1)
        #expect(index.twin(of: leaving, at: 0) == nil)
        index.offer(arriving, at: 1)
        #expect(index.twin(of: leaving, at: 0) == Twin(place: 1, flow: arriving))
    }

    @Test func `an entry that translates nothing is not its own twin`() {
        var index = TwinIndex()
        index.want(arriving)
        index.offer(arriving, at: 1)
        #expect(index.twin(of: arriving, at: 1) == nil)
        #expect(index.twin(of: arriving, at: 0) == Twin(place: 1, flow: arriving))
    }

    @Test func `an ICMP question is its twin's question, whatever the answer's type`() {
        func ping(_ source: UInt32, _ destination: UInt32, answering: UInt32) -> Flow {
            Flow(
                original: Tuple(
                    source: IPAddress(ipv4: source), destination: IPAddress(ipv4: destination), transport: .icmp,
                    detail: .icmp(type: 8, code: 0, id: 7)),
                reply: Tuple(
                    source: IPAddress(ipv4: answering), destination: IPAddress(ipv4: source), transport: .icmp,
                    detail: .icmp(type: 0, code: 0, id: 7)))
        }
        var index = TwinIndex()
        index.want(ping(1, 100, answering: 20))
        index.offer(ping(1, 20, answering: 20), at: 1)
        #expect(index.twin(of: ping(1, 100, answering: 20), at: 0)?.place == 1)
    }
}
