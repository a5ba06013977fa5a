import KernelState
import Testing

@testable import Diagnosis

/// What needs a kernel that the lab has not, or a turn of events that it cannot make; the scenarios test the rest.
@Suite struct RuleTests {
    private let client = Lab.end("10.244.1.1", 40_001)
    private let service = Lab.end("10.96.0.10", 80)
    private let backend = Lab.end("10.244.0.1", 8080)
    private let other = Lab.end("10.244.0.2", 8080)

    // MARK: port-reuse, after kubernetes/kubernetes#93297: 5.4 kernels, IPVS with conntrack, wrk with short connections

    private func reuse(kernel: String, mode: String = "1", second state: String) -> Diagnosis {
        let settings: (inout NodeFacts) -> Void = {
            $0.sysctls = ["net.ipv4.vs.conn_reuse_mode": mode, "net.ipv4.vs.conntrack": "1"]
        }
        let services = [Lab.virtual(.tcp, service, [(backend, 1)])]
        let closed = Lab.row(client: client, service: service, backend: backend, state: "TIME_WAIT", expires: 110)
        let again = Lab.row(client: client, service: service, backend: backend, state: state, expires: 59)
        return Lab.ask(
            PortReuse(), on: Lab.place(kernel: kernel),
            [(Lab.sample(at: 0, services: services, settings), [closed]), (Lab.sample(at: 3, services: services, settings), [again])])
    }

    @Test func aReusedPortOnAnOldKernelIsFound() throws {
        let finding = try #require(reuse(kernel: "5.4.0-1029-aws", second: "SYN_RECV").findings.first)
        #expect(finding.severity == .warning)
        #expect(finding.measures.contains(Measure("reused", 1)))
        #expect(finding.commands == ["sysctl -w net.ipv4.vs.conn_reuse_mode=0"])
    }

    @Test func theSettingAloneIsAHint() {
        #expect(reuse(kernel: "5.4.0", second: "TIME_WAIT").findings.map(\.severity) == [.info])
    }

    @Test func anUnknownKernelIsNotAnOldOne() {
        let unknown = reuse(kernel: "", second: "SYN_RECV")
        #expect(unknown.findings.isEmpty)
        #expect(unknown.unchecked.contains { $0.reason.contains("release is not known") })
        #expect(reuse(kernel: "", mode: "0", second: "SYN_RECV").unchecked.isEmpty)
    }

    @Test func laterKernelsAndOtherModesAreWell() {
        #expect(reuse(kernel: "5.9.0", second: "SYN_RECV").findings.isEmpty)
        #expect(reuse(kernel: "6.1.0", second: "SYN_RECV").findings.isEmpty)
        #expect(reuse(kernel: "5.4.0", mode: "0", second: "SYN_RECV").findings.isEmpty)
    }

    // MARK: stale-tcp on kernels that renew the timer, after kubernetes/kubernetes#101607

    private func stale(kernel: String, timers: [UInt32]) -> Diagnosis {
        let services = [Lab.virtual(.tcp, service, [(other, 1)])]
        return Lab.ask(
            StaleTCP(), on: Lab.place(kernel: kernel),
            timers.enumerated().map { index, timer in
                (
                    Lab.sample(at: UInt64(index) * 3, services: services),
                    [Lab.flow(.tcp, client: client, service: service, backend: backend, state: .synSent, timeout: timer)]
                )
            })
    }

    @Test func anEntryThatSYNsRenewIsStale() throws {
        let finding = try #require(stale(kernel: "5.4.0", timers: [118, 119]).findings.first)
        #expect(finding.severity == .warning)
        #expect(
            finding.commands == ["conntrack -D -p tcp --orig-src 10.244.1.1 --orig-dst 10.96.0.10 --sport 40001 --dport 80"])
    }

    @Test func anEntryThatRunsDownIsAHintWhereRepetitionsWouldShow() {
        #expect(stale(kernel: "5.4.0", timers: [100, 97]).findings.map(\.severity) == [.info])
        #expect(stale(kernel: "6.1.0", timers: [100, 97]).findings.map(\.severity) == [.warning])
    }

    @Test func oneReadingDoesNotTell() {
        let diagnosis = stale(kernel: "5.4.0", timers: [118])
        #expect(diagnosis.findings.isEmpty)
        #expect(diagnosis.unchecked.first?.reason.contains("two samples") == true)
    }

    // MARK: Counters

    private func counters(_ cpus: [(UInt16, UInt32)]) -> (inout NodeFacts) -> Void {
        { facts in
            facts.conntrackStatistics = cpus.map { cpu, failed in
                var statistics = ConntrackStatistics(cpu: cpu)
                statistics.insertFailed = failed
                return statistics
            }
        }
    }

    @Test func countersWrapAndStartAnywhere() throws {
        let readings =
            [
                (Lab.sample(at: 0, counters([(0, .max), (1, 7)])), []), (Lab.sample(at: 5, counters([(0, 2), (1, 7)])), []),
            ] as [(Sample, [Connection])]
        let finding = try #require(Lab.ask(InsertRace(), readings).findings.first)
        #expect(finding.measures.contains(Measure("insert_failed", 3)))
        #expect(Lab.ask(InsertRace(), [readings[0]]).unchecked.count == 1)
        #expect(Lab.ask(InsertRace(), [readings[1], readings[1]]).findings.isEmpty)
    }

    @Test func droppedPacketsOfAFullTableAreCritical() throws {
        let facts: (UInt64, UInt32) -> (inout NodeFacts) -> Void = { count, dropped in
            { facts in
                facts.sysctls = ["net.netfilter.nf_conntrack_count": "\(count)", "net.netfilter.nf_conntrack_max": "1000"]
                var statistics = ConntrackStatistics(cpu: 0)
                statistics.drop = dropped
                facts.conntrackStatistics = [statistics]
            }
        }
        func ask(_ count: UInt64, dropped: UInt32) -> [Severity] {
            Lab.ask(TableFull(), [(Lab.sample(at: 0, facts(count, 0)), []), (Lab.sample(at: 5, facts(count, dropped)), [])]).findings.map(\.severity)
        }
        #expect(ask(740, dropped: 0) == [])
        #expect(ask(760, dropped: 0) == [.warning])
        #expect(ask(910, dropped: 0) == [.critical])
        #expect(ask(760, dropped: 3) == [.critical])
        // Packets are dropped for other reasons too.
        #expect(ask(100, dropped: 3) == [])
    }

    @Test func aTableThatLosesNothingButIsReadInPartIsNoLeak() {
        var sample = Lab.sample(at: 0) { $0.sysctls = ["net.netfilter.nf_conntrack_count": "70000"] }
        var coverage = TableCoverage(available: true, complete: true)
        coverage.read = 69_950
        sample.conntrack = coverage
        let subject = Case(place: Lab.place(), samples: [sample, sample], services: [])
        #expect(WrongNamespace().report(on: subject).findings.isEmpty)
    }

    // MARK: resolv.conf

    @Test func nameserversAreReadAsAResolverReadsThem() {
        let text =
            "# nameserver 192.0.2.9\nnameserver 10.96.0.10\n nameserver\tfe80::1%eth0\nsearch a b\nnameserver nonsense\nnameservers "
            + "192.0.2.1\n"
        #expect(ResolverList.nameservers(text) == [Lab.address("10.96.0.10"), Lab.address("fe80::1")])
    }

    @Test func aPodsListIsJudgedAndANodesIsNot() {
        let text = (1...4).map { "nameserver 192.0.2.\($0)\n" }.joined()
        let services = [Lab.virtual(.udp, Lab.end("10.96.0.10", 53), [(Lab.end("10.244.0.1", 53), 1)])]
        func ask(_ namespace: String) -> Int {
            let sample = Lab.sample(at: 0, services: services) { $0.resolverConfiguration = text }
            return Lab.ask(ResolverList(), on: Lab.place(namespace: namespace), [(sample, [])]).findings.count
        }
        #expect(ask("pid 42") == 2)
        #expect(ask("host") == 0)
    }
}
