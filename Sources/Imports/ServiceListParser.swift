internal import KernelState

/// Reads the lines of `ipvsadm -Ln`, whose headings tell the columns: as it is, or with `--stats`, `--rate`, `--thresholds` or
/// `--persistent-conn`.
///
///     TCP  10.96.0.10:81 rr persistent 300
///       -> 10.244.0.5:8080              Masq    1      1          0
///
/// Without `--exact` numbers above 99,999,999 are rounded to thousands: `123456K`.
struct ServiceListParser: LineParser {
    private enum Columns { case plain, counters, rates, thresholds, persistent }

    private(set) var services: [ServiceText] = []
    private var columns = Columns.plain
    /// False behind a service that could not be read: the backends that follow are of none that is known.
    private var hasService = false

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty || takeHeading(LineWords(line.bytes)) { return .nothing }
        var words = LineWords(line.bytes)
        guard let first = words.next() else { return .nothing }
        if words.matches(first, "->") {
            guard hasService else { return .unreadable }
            guard let backend = backend(&words) else {
                services[services.count - 1].lacksBackends = true
                return .unreadable
            }
            services[services.count - 1].backends.append(backend)
        } else {
            hasService = false
            guard let service = service(first, &words) else { return .unreadable }
            services.append(service)
            hasService = true
        }
        return .entry(())
    }

    private mutating func takeHeading(_ words: LineWords) -> Bool {
        var words = words
        guard let first = words.next() else { return true }
        if words.matches(first, "IP") { return true }
        guard let second = words.next() else { return false }
        if words.matches(first, "Prot") {
            switch words.next().map(words.text) {
            case "Conns": columns = .counters
            case "CPS": columns = .rates
            case "Uthreshold": columns = .thresholds
            case "Weight": columns = .persistent
            default: columns = .plain
            }
            return true
        }
        return words.matches(second, "RemoteAddress:Port")
    }

    // MARK: Services

    private func service(_ first: Range<Int>, _ words: inout LineWords) -> ServiceText? {
        guard let name = words.next() else { return nil }
        var service: ServiceText
        var next = words.next()
        if words.matches(first, "FWM") {
            guard let mark = words.decimal(name).flatMap(UInt32.init(exactly:)) else { return nil }
            let isIPv6 = next.map { words.matches($0, "IPv6") } ?? false
            if isIPv6 { next = words.next() }
            service = ServiceText(.firewallMark(mark, isIPv6 ? .ipv6 : .ipv4))
        } else {
            guard let transport = TransportProtocol(name: words.text(first)), let endpoint = Endpoint(words[name]) else { return nil }
            service = ServiceText(.address(transport, endpoint))
        }
        guard let next else { return nil }
        switch columns {
        case .counters, .rates:
            guard let numbers = numbers(next, &words) else { return nil }
            if columns == .counters { service.counters = numbers } else { service.rates = numbers }
        default:
            service.scheduler = words.text(next)
            guard takeOptions(&words, into: &service) else { return nil }
        }
        return service
    }

    private func takeOptions(_ words: inout LineWords, into service: inout ServiceText) -> Bool {
        service.flags = 0
        while let word = words.next() {
            if words.matches(word, "ops") {
                service.addFlags(VirtualService.onePacketFlag)
            } else if words.matches(word, "persistent") {
                guard let seconds = words.next().flatMap(words.decimal).flatMap(UInt32.init(exactly:)) else { return false }
                service.takePersistence(seconds)
            } else if words.matches(word, "mask") {
                guard let mask = words.next().flatMap({ ServiceText.netmask(words[$0]) }) else { return false }
                service.persistenceNetmask = mask
            } else if words.matches(word, "pe") {
                guard let name = words.next() else { return false }
                service.persistenceEngine = words.text(name)
            } else {
                service.takeSchedulerFlags(words.text(word))
            }
        }
        return true
    }

    // MARK: Backends

    private func backend(_ words: inout LineWords) -> BackendText? {
        guard let endpoint = words.next().flatMap({ Endpoint(words[$0]) }), let first = words.next() else { return nil }
        var backend = BackendText(endpoint)
        switch columns {
        case .counters:
            backend.counters = numbers(first, &words)
            return backend.counters == nil ? nil : backend
        case .rates:
            backend.rates = numbers(first, &words)
            return backend.rates == nil ? nil : backend
        case .plain:
            backend.forwarding = ForwardingMethod.allCases.first { words.matches(first, $0.word) }
            guard backend.forwarding != nil, backend.weight.set(words.next().flatMap(words.decimal)) else { return nil }
        case .thresholds:
            guard backend.upperThreshold.set(words.decimal(first)), backend.lowerThreshold.set(words.next().flatMap(words.decimal)) else {
                return nil
            }
        case .persistent:
            guard backend.weight.set(words.decimal(first)), backend.persistent.set(words.next().flatMap(words.decimal)) else { return nil }
        }
        guard backend.active.set(words.next().flatMap(words.decimal)), backend.inactive.set(words.next().flatMap(words.decimal)) else { return nil }
        return backend
    }

    // MARK: Numbers

    /// The five columns of `--stats` or `--rate`.
    private func numbers(_ first: Range<Int>, _ words: inout LineWords) -> TrafficCounters? {
        var numbers: [UInt64] = []
        var word: Range<Int>? = first
        while let current = word {
            guard let number = Self.rounded(words[current]) else { return nil }
            numbers.append(number)
            word = words.next()
        }
        guard numbers.count == 5 else { return nil }
        var counters = TrafficCounters()
        if columns == .rates {
            counters.connectionRate = numbers[0]
            (counters.inboundPacketRate, counters.outboundPacketRate) = (numbers[1], numbers[2])
            (counters.inboundByteRate, counters.outboundByteRate) = (numbers[3], numbers[4])
        } else {
            counters.connections = numbers[0]
            (counters.inboundPackets, counters.outboundPackets) = (numbers[1], numbers[2])
            (counters.inboundBytes, counters.outboundBytes) = (numbers[3], numbers[4])
        }
        return counters
    }

    private static func rounded(_ text: UnsafeRawBufferPointer) -> UInt64? {
        let factors: [UInt8: UInt64] = [
            UInt8(ascii: "K"): 1_000, UInt8(ascii: "M"): 1_000_000, UInt8(ascii: "G"): 1_000_000_000, UInt8(ascii: "T"): 1_000_000_000_000,
        ]
        let words = LineWords(text)
        guard let factor = text.last.flatMap({ factors[$0] }) else { return words.decimal(text.indices) }
        guard let number = words.decimal(0..<text.count - 1) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
}
