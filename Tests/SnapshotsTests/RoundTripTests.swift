import Glibc
import KernelState
import Testing

@testable import Snapshots

@Suite struct RoundTripTests {
    @Test func `what a node does not have makes its facts no less complete, and what it refuses says why`() throws {
        func reading(_ problems: [KernelStateError]) throws -> TableCoverage {
            let folder = try TemporaryFolder()
            let writer = try SnapshotWriter(path: folder.file("a.kstate"), program: "test")
            var source = MemorySource()
            source.known.problems = problems
            try writer.add([source])
            try writer.finish()
            let sample = try #require(try SnapshotReader(path: folder.file("a.kstate")).samples.first)
            return try #require(sample.places[0].readings[.facts]).coverage
        }
        let absent = KernelStateError(operation: "asking IPVS", cause: "ip_vs is not loaded", code: ENOENT)
        let refused = KernelStateError(operation: "reading routes", cause: "Operation not permitted", remedy: "run it as root", code: EPERM)
        #expect(try reading([]).complete && reading([absent]).complete)
        #expect(try !reading([absent, refused]).complete)
        #expect(try reading([absent, refused]).reason == "reading routes: Operation not permitted; run it as root")
        #expect(try reading([refused, refused, refused]).reason == "reading routes: Operation not permitted; run it as root, and 2 more")
    }

    private func written(_ samples: [[MemorySource]], _ folder: TemporaryFolder) throws -> SnapshotReader {
        let path = folder.file("a.kstate")
        let writer = try SnapshotWriter(path: path, program: "test")
        for sources in samples { try writer.add(sources) }
        try writer.finish()
        return try SnapshotReader(path: path)
    }

    @Test func `every field of every record comes back`() throws {
        var random = RandomRecords(seed: 1)
        var source = MemorySource()
        source.flows = (0..<20_000).map { _ in random.flow() }
        source.rows = (0..<5_000).map { _ in random.row() }
        source.saved = (0..<50).map { _ in random.service() }
        source.known = random.facts()
        source.coverage.passes = 2
        source.coverage.undecodable = 3
        let folder = try TemporaryFolder()
        let reader = try written([[source]], folder)
        let read = try #require(reader.samples.last.flatMap { reader.sources(of: $0).first })
        #expect(read.place == source.place)
        let conntrack = try read.openConntrack(.confirmed, walks: nil)
        #expect(conntrack.all().entries == source.flows)
        #expect(
            conntrack.coverage
                == {
                    var coverage = source.coverage; coverage.read = 20_000; return coverage
                }())
        #expect(try read.openIPVS().all().entries == source.rows)
        #expect(try read.services() == source.saved)
        #expect(read.facts() == source.known)
        #expect(try read.openConntrack(.dying, walks: nil).all().entries.isEmpty)
    }

    @Test func `entries of thousands of services are found`() throws {
        var random = RandomRecords(seed: 4)
        var source = MemorySource()
        source.flows = (0..<5_000).map { _ in random.flow() }
        let folder = try TemporaryFolder()
        let reader = try written([[source]], folder)
        let read = try #require(reader.samples.last.flatMap { reader.sources(of: $0).first })
        let asked = Set(source.flows.map(\.original.destinationEndpoint).filter { $0.port != nil })
        #expect(asked.count > 2_000)
        let table = try read.openConntrack(.confirmed, walks: nil, selection: PortSelection(ports: [1], destinations: asked))
        let found = table.all().entries.filter { asked.contains($0.original.destinationEndpoint) }
        #expect(found == source.flows.filter { asked.contains($0.original.destinationEndpoint) })
    }

    @Test func `a file's name may be of any letters`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("имя ñ.kstate")
        let writer = try SnapshotWriter(path: path, program: "test")
        try writer.add([MemorySource()])
        try writer.finish()
        #expect(try SnapshotReader(path: path).samples.count == 1)
    }

    @Test func `samples and places are kept apart`() throws {
        var random = RandomRecords(seed: 2)
        var host = MemorySource()
        host.flows = (0..<300).map { _ in random.flow() }
        var pod = MemorySource()
        pod.place.namespace = NetworkNamespace(name: "pod", inode: UInt64.max)
        pod.flows = (0..<10).map { _ in random.flow() }
        var later = host
        later.place.takenAt += 10_000_000_000
        later.flows = Array(host.flows.reversed().prefix(120))
        let folder = try TemporaryFolder()
        let reader = try written([[host, pod], [later, pod]], folder)
        #expect(reader.samples.map(\.places.count) == [2, 2])
        let first = reader.sources(of: reader.samples[0])
        let second = reader.sources(of: reader.samples[1])
        #expect(first.map(\.place) == [host.place, pod.place])
        #expect(try first[1].openConntrack(.confirmed, walks: nil).all().entries == pod.flows)
        #expect(try second[0].openConntrack(.confirmed, walks: nil).all().entries == later.flows)
    }

    @Test func `what could not be read comes back as the same reason`() throws {
        var random = RandomRecords(seed: 3)
        var source = MemorySource()
        source.flows = (0..<250).map { _ in random.flow() }
        source.ipvsError = KernelStateError(operation: "ip_vs is not loaded", cause: "no IPVS", remedy: "look elsewhere", code: 2)
        source.dumpError = KernelStateError(operation: "reading the conntrack table", cause: "interrupted", code: 4)
        let folder = try TemporaryFolder()
        let reader = try written([[source]], folder)
        let read = try #require(reader.samples.last.flatMap { reader.sources(of: $0).first })
        #expect(throws: try #require(source.ipvsError)) { try read.services() }
        #expect(throws: try #require(source.ipvsError)) { try read.openIPVS() }
        let answer = try read.openConntrack(.confirmed, walks: nil).all()
        #expect(answer.entries == source.flows)
        #expect(answer.error == source.dumpError)
    }

    @Test func `a selection of ports leaves out only what has none of them`() throws {
        var random = RandomRecords(seed: 4)
        var source = MemorySource()
        source.flows = (0..<5_000).map { _ in random.flow() }
        for index in source.flows.indices where source.flows[index].transport.hasPorts {
            if index % 7 == 0 { source.flows[index].reply.detail = .ports(source: 9153, destination: 4_000) }
            if index % 7 == 1 { source.flows[index].original.detail = .ports(source: 33, destination: 9153) }
        }
        // One with a port, as services have, and none of those that were just given the port asked for.
        let destination = try #require(source.flows[2...].first { $0.transport.hasPorts }).original.destinationEndpoint
        let folder = try TemporaryFolder()
        let reader = try written([[source]], folder)
        let read = try #require(reader.samples.last.flatMap { reader.sources(of: $0).first })
        let selection = PortSelection(ports: [9153], destinations: [destination])
        let entries = try read.openConntrack(.confirmed, walks: nil, selection: selection).all().entries
        func concerns(_ flow: Flow) -> Bool {
            for tuple in [flow.original, flow.reply] {
                if case .ports(let source, let destination) = tuple.detail, source == 9153 || destination == 9153 { return true }
            }
            return flow.original.destinationEndpoint == destination
        }
        let isSame = entries.filter(concerns) == source.flows.filter(concerns)
        #expect(isSame)
        #expect(entries.count < 2_000)
    }

    @Test func `the file is private, and nothing is left beside it`() throws {
        let folder = try TemporaryFolder()
        _ = try written([[MemorySource()]], folder)
        #expect(folder.contents == ["a.kstate"])
        do {
            let writer = try SnapshotWriter(path: folder.file("b.kstate"), program: "test")
            try writer.add([MemorySource()])
        }
        #expect(folder.contents == ["a.kstate"])
    }

    @Test func `one writer at a time`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("a.kstate")
        let first = try SnapshotWriter(path: path, program: "test")
        #expect { try SnapshotWriter(path: path, program: "test") } throws: { "\($0)".contains("another kstate is writing it") }
        try first.add([MemorySource()])
        try first.finish()
        try SnapshotWriter(path: path, program: "test").finish()
    }
}
