import KernelState
import Testing

@testable import Diagnosis

@Suite struct EngineTests {
    private let service = Lab.end("10.96.0.10", 53)

    // MARK: Suspects

    private func udp(_ client: UInt16, backend: String = "10.244.0.1", timeout: UInt32) -> Connection {
        Lab.flow(.udp, client: Lab.end("10.244.1.1", client), service: service, backend: Lab.end(backend, 53), timeout: timeout)
    }

    @Test(arguments: [([29, 26, 24], 0), ([29, 29, 29], 1), ([30, 27, 29], 1), ([28, 27, 23], 0)] as [([UInt32], Int)])
    func aTimerTellsWhetherPacketsCame(timers: [UInt32], least: Int) throws {
        var suspects = Suspects()
        for (index, timer) in timers.enumerated() {
            var sample = Lab.sample(at: 0)
            sample = Sample(takenAt: 1_000_000_000_000 + UInt64(index) * 2_500_000_000, facts: NodeFacts(), services: [])
            sample.index = index
            suspects.note(udp(4_000, timeout: timer), timer: timer, in: sample)
        }
        let suspect = try #require(suspects.groups.values.first?.kept.first)
        #expect(suspect.isRenewed == (least > 0))
        #expect(suspect.isLasting)
    }

    @Test func memoryIsBounded() throws {
        var suspects = Suspects()
        let sample = Lab.sample(at: 0)
        for port in 1...20_000 as ClosedRange<UInt16> { suspects.note(udp(port, timeout: 29), timer: 29, in: sample) }
        for number in 0..<5_000 { suspects.note(udp(1, backend: "10.1.\(number / 250).\(number % 250)", timeout: 29), timer: 29, in: sample) }
        let first = try #require(suspects.present(in: sample).first)
        #expect(first.count == 20_000)
        #expect(first.kept.count == Suspects.keptLimit)
        #expect(suspects.groups.count == Suspects.groupLimit)
    }

    @Test func theLoudestTalkerIsFoundAmongMany() {
        var talkers = TopTalkers<Int>(limit: 16)
        for number in 0..<10_000 { talkers.add(number % 3 == 0 ? 7 : number + 100) }
        let top = talkers.top(1)
        #expect(top.first?.key == 7)
        #expect((2_700...3_334).contains(top.first?.count ?? 0))
    }

    // MARK: Which connections a rule is shown

    private struct Listener: Rule {
        static let id = "listener"
        var wanted: [ConnectionTraits] = []
        var seen = 0
        init() {}
        init(_ wanted: ConnectionTraits...) { self.wanted = wanted }
        func interest(in sample: Sample) -> Interest { Interest(any: wanted) }
        mutating func see(_ connection: Connection, in sample: Sample) { seen += 1 }
        func report(on subject: Case) -> RuleReport { .unchecked("\(seen)") }
    }

    @Test func aRuleIsShownWhatItAskedFor() {
        let sample = Lab.sample(at: 0)
        let connections = [
            udp(1, timeout: 9),
            Lab.flow(
                .tcp, client: Lab.end("10.244.1.1", 2), service: service, backend: Lab.end("10.244.0.1", 53), state: .established, replied: true,
                timeout: 9),
            Lab.row(client: Lab.end("10.244.1.1", 3), service: service, backend: Lab.end("10.244.0.1", 53), state: "SYN_RECV", expires: 9),
        ]
        func count(_ wanted: ConnectionTraits...) -> String? {
            var rule = Listener()
            rule.wanted = wanted
            return Lab.ask(rule, [(sample, connections)]).unchecked.first?.reason
        }
        #expect(count() == "0")
        #expect(count([]) == "3")
        #expect(count([.udp, .unreplied, .served]) == "1")
        #expect(count([.tcp, .inConntrack], [.inIPVS]) == "2")
        #expect(count([.direct]) == "0")
    }

    // MARK: The report

    private func finding(_ rule: String, _ severity: Severity, _ number: Int) -> Finding {
        var finding = Finding(rule: rule, severity: severity, title: "t", cause: "c", remedy: "r", references: ["a/b#1"])
        finding.backend = Lab.end("10.0.0.1", UInt16(number))
        finding.transport = .tcp
        return finding
    }

    @Test func thousandsOfFindingsAreOneWithTheirNumber() {
        var part = Diagnosis()
        part.findings = (1...3_000).map { finding("many", .warning, $0) } + [finding("one", .critical, 1)] + (1...4).map { finding("few", .info, $0) }
        let whole = Diagnosis.summary(of: [part])
        #expect(whole.findings.map(\.rule) == ["one", "many", "few", "few", "few", "few"])
        #expect(whole.findings[1].count == 3_000)
        #expect(whole.findings[1].others.count == Finding.connectionLimit)
        #expect(whole.findings[1].others.first == "tcp 10.0.0.1:2")
        #expect(whole.worst == .critical)
    }

    @Test func whatArrivedAtThePodTheOverlayHasNotLost() {
        func rules(_ lost: LossPlace, backend: Int = 1) -> [String] {
            var own = Diagnosis()
            own.findings = [finding(OverlayChecksum.id, .critical, 1)]
            var nodes = Diagnosis()
            nodes.findings = [finding(NodeComparison.id, .warning, backend)]
            nodes.findings[0].lost = lost
            return Diagnosis.summary(of: [own, nodes]).findings.map(\.rule)
        }
        #expect(rules(.inPod) == [NodeComparison.id])
        #expect(rules(.beforeNode) == [OverlayChecksum.id, NodeComparison.id])
        #expect(rules(.onReturn) == [OverlayChecksum.id, NodeComparison.id])
        #expect(rules(.inPod, backend: 2) == [OverlayChecksum.id, NodeComparison.id])
    }

    @Test func commandsActWhereTheCaseIsAndAreQuoted() {
        func prefix(_ namespace: String) -> String {
            Case(place: Lab.place(namespace: namespace), samples: [Lab.sample(at: 0)], services: []).commandPrefix
        }
        #expect(prefix("host") == "")
        #expect(prefix("pid 42") == "nsenter -t 42 -n ")
        #expect(prefix("pod-1") == "ip netns exec pod-1 ")
        #expect(prefix("a b; reboot") == "ip netns exec 'a b; reboot' ")
        #expect(prefix("ns/x") == "nsenter --net=ns/x ")
        #expect(prefix("/run/netns/x'y") == "nsenter --net='/run/netns/x'\\''y' ")
    }

    @Test func anOverlayIsCapturedInsideAndOutside() {
        var overlay = NetworkInterface(index: 3, name: "flannel.1")
        overlay.kind = "vxlan"
        overlay.isUp = true
        overlay.tunnelPort = 8472
        overlay.tunnelRemote = Lab.address("192.0.2.2")
        overlay.lowerIndex = 2
        var inside = Route(destination: AddressPrefix(Lab.address("10.244.2.0"), length: 24), table: 254, type: 1)
        inside.interface = 3
        let sample = Lab.sample(at: 0) {
            $0.interfaces = [NetworkInterface(index: 2, name: "eth0"), overlay]
            $0.routes = [inside]
        }
        let subject = Case(place: Lab.place(), samples: [sample], services: [])
        #expect(
            NextCommands.capture(Lab.end("10.244.2.1", 8080), in: subject) == [
                "tcpdump -ni flannel.1 'host 10.244.2.1 and port 8080'", "tcpdump -ni eth0 'host 192.0.2.2 and udp port 8472'",
            ])
        #expect(NextCommands.capture(Lab.end("198.51.100.1", 80), in: subject) == ["ip route get 198.51.100.1"])
    }

    @Test func anEntryOfAnyKindIsDeletedByItsOwnTuple() {
        let subject = Case(place: Lab.place(), samples: [Lab.sample(at: 0)], services: [])
        var flow = Flow(
            original: Tuple(
                source: Lab.address("fd00::1"), destination: Lab.address("fd00::2"), transport: .udp, detail: .ports(source: 1, destination: 2)),
            reply: Tuple(
                source: Lab.address("fd00::2"), destination: Lab.address("fd00::1"), transport: .udp, detail: .ports(source: 2, destination: 1)))
        flow.zone = 7
        #expect(
            NextCommands.delete(flow, in: subject) == "conntrack -D -f ipv6 -p udp --orig-src fd00::1 --orig-dst fd00::2 --sport 1 "
                + "--dport 2 -w 7")
    }

    @Test func aReferenceIsAnAddress() {
        #expect(Finding.address(of: "kubernetes/kubernetes#101607") == "https://github.com/kubernetes/kubernetes/issues/101607")
    }
}
