internal import KernelState

/// Reads the lines of `ipvsadm -Sn`: the commands that would make the services again.
///
///     -A -t 10.96.0.10:81 -s rr -p 300
///     -a -t 10.96.0.10:81 -r 10.244.0.5:8080 -m -w 1
struct ServiceSaveParser: LineParser {
    private(set) var services: [ServiceText] = []

    mutating func parse(_ line: Line) -> LineResult<Void> {
        if line.bytes.isEmpty { return .nothing }
        var words = LineWords(line.bytes)
        guard let command = words.next() else { return .nothing }
        if words.matches(command, "-A"), let service = Self.service(&words) {
            services.append(service)
        } else if words.matches(command, "-a"), let (identity, backend) = Self.backend(&words),
            let index = services.lastIndex(where: { $0.identity == identity })
        {
            guard let backend else {
                services[index].lacksBackends = true
                return .unreadable
            }
            services[index].backends.append(backend)
        } else {
            return .unreadable
        }
        return .entry(())
    }

    /// What follows `-A`.
    static func service(_ words: inout LineWords) -> ServiceText? {
        guard let option = words.next(), let name = words.next(), let known = identity(option, name, words) else { return nil }
        var service = ServiceText(known)
        while let option = words.next() {
            if words.matches(option, "-o") {
                service.addFlags(VirtualService.onePacketFlag)
            } else if words.matches(option, "-6") {
                guard case .firewallMark(let mark, _) = service.identity else { return nil }
                service.identity = .firewallMark(mark, .ipv6)
            } else {
                guard let value = words.next(), take(words.text(option), words[value], into: &service) else { return nil }
            }
        }
        if service.flags == nil { service.flags = 0 }
        return service.scheduler == nil ? nil : service
    }

    private static func take(_ option: String, _ value: UnsafeRawBufferPointer, into service: inout ServiceText) -> Bool {
        let text = String(decoding: value, as: UTF8.self)
        switch option {
        case "-s": service.scheduler = text
        case "-p":
            guard let seconds = UInt32(text) else { return false }
            service.takePersistence(seconds)
        case "-M":
            guard let mask = ServiceText.netmask(value) else { return false }
            service.persistenceNetmask = mask
        case "--pe": service.persistenceEngine = text
        case "-b": service.takeSchedulerFlags(text)
        default: break  // an option of a later tool
        }
        return true
    }

    /// What follows `-a`: nil where it is of no service that can be read, and no backend where the rest cannot be.
    private static func backend(_ words: inout LineWords) -> (ServiceIdentity, BackendText?)? {
        guard let option = words.next(), let name = words.next(), var identity = identity(option, name, words) else { return nil }
        var found: BackendText?
        var fields = BackendText(Endpoint(address: .unspecified(.ipv4), port: 0))
        while let option = words.next() {
            switch words.text(option) {
            case "-6":
                guard case .firewallMark(let mark, _) = identity else { return nil }
                identity = .firewallMark(mark, .ipv6)
            case "-m": fields.forwarding = .masquerade
            case "-i": fields.forwarding = .tunnel
            case "-g": fields.forwarding = .route
            case "--tun-nocsum", "--tun-csum", "--tun-remcsum": break
            case "-r": found = words.next().flatMap { Endpoint(words[$0]) }.map(BackendText.init)
            case "-w": guard fields.weight.set(words.next().flatMap(words.decimal)) else { return (identity, nil) }
            default: guard words.next() != nil else { return (identity, nil) }  // --tun-type and the like
            }
        }
        found?.fill(from: fields)
        return (identity, found)
    }

    private static func identity(_ option: Range<Int>, _ name: Range<Int>, _ words: LineWords) -> ServiceIdentity? {
        if words.matches(option, "-f") { return words.decimal(name).flatMap(UInt32.init(exactly:)).map { .firewallMark($0, .ipv4) } }
        let transport: TransportProtocol
        if words.matches(option, "-t") {
            transport = .tcp
        } else if words.matches(option, "-u") {
            transport = .udp
        } else if words.matches(option, "--sctp-service") {
            transport = .sctp
        } else {
            return nil
        }
        return Endpoint(words[name]).map { .address(transport, $0) }
    }
}
