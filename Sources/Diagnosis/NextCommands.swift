import Correlation
import KernelState

/// The commands that a finding ends with: exact, and for a person to run.
enum NextCommands {
    /// Deletes the very entry and nothing else.
    static func delete(_ flow: Flow, in subject: Case) -> String {
        let tuple = flow.original
        var words = ["conntrack", "-D"]
        if flow.family == .ipv6 { words += ["-f", "ipv6"] }
        words += ["-p", flow.transport.name, "--orig-src", "\(tuple.source)", "--orig-dst", "\(tuple.destination)"]
        if case .ports(let source, let destination) = tuple.detail {
            words += ["--sport", "\(source)", "--dport", "\(destination)"]
        }
        if flow.zone != 0 { words += ["-w", "\(flow.zone)"] }
        if let zone = tuple.zone { words += ["--orig-zone", "\(zone)"] }
        if let zone = flow.reply.zone { words += ["--reply-zone", "\(zone)"] }
        return subject.commandPrefix + words.joined(separator: " ")
    }

    /// Deletes the entries of connections that are conntrack's alone. IPVS would send what is sent again to the same backend.
    static func delete(_ connections: some Sequence<Connection>, in subject: Case) -> [String] {
        connections.filter { !isOfIPVS($0, in: subject) }.compactMap(\.conntrack).map { delete($0, in: subject) }
    }

    /// Lets clients go from a backend that is gone: deletes entries that are conntrack's alone, and makes IPVS forget its own.
    static func release(_ connections: some Sequence<Connection>, in subject: Case) -> [String] {
        let includesIPVS = connections.contains { isOfIPVS($0, in: subject) }
        return (includesIPVS ? enable([IPVSSetting.expireWithoutBackend], in: subject) : []) + delete(connections, in: subject)
    }

    /// A connection to a service of IPVS is taken for one of IPVS where that table was not read.
    private static func isOfIPVS(_ connection: Connection, in subject: Case) -> Bool {
        if connection.ipvs != nil { return true }
        guard let service = connection.service, subject.last.ipvs?.available != true else { return false }
        return subject.last.endpoints.service(connection.transport, service)?.isOfIPVS ?? false
    }

    /// A word as a shell takes it: as it is, or in single quotes.
    static func quoted(_ word: some StringProtocol) -> String {
        let plain = word.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || "-_./:@%+=,".utf8.contains(byte)
        }
        return plain && !word.isEmpty
            ? String(word) : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// A setting, to be changed by whoever decides to.
    static func set(_ sysctl: String, to value: String, in subject: Case) -> String {
        subject.commandPrefix + "sysctl -w \(sysctl)=\(value)"
    }

    /// Sets to 1 those settings that are not known to be.
    static func enable(_ settings: [String], in subject: Case) -> [String] {
        settings.filter { subject.setting($0) != 1 }.map { set($0, to: "1", in: subject) }
    }

    /// Shows the packets to and from a backend where they leave this node, and for an overlay those around them on the link below.
    static func capture(_ backend: Endpoint, in subject: Case) -> [String] {
        guard let path = subject.routes.paths(to: backend.address).first, let interface = path.interface else {
            return [subject.commandPrefix + "ip route get \(backend.address)"]
        }
        let port = backend.knownPort.map { " and port \($0)" } ?? ""
        var commands = [subject.commandPrefix + "tcpdump -ni \(quoted(interface.name)) 'host \(backend.address)\(port)'"]
        if let outer = path.outer, let below = outer.interface {
            let end = outer.destination.map { "host \($0)" } ?? "udp"
            let filter = outer.port.map { "\(end) and udp port \($0)" } ?? end
            commands.append(subject.commandPrefix + "tcpdump -ni \(quoted(below.name)) '\(filter)'")
        }
        return commands
    }

    /// Shows the connections to a backend.
    static func conn(to backend: Endpoint, in subject: Case) -> String {
        "\(conn(in: subject)) --backend \(backend.knownPort == nil ? "\(backend.address)" : "\(backend)")"
    }

    /// `kstate conn` where the case was read.
    static func conn(in subject: Case) -> String {
        let name = subject.place.namespace.name
        if name == "host" || name == "self" { return "kstate conn" }
        return name.hasPrefix("pid ") ? "kstate conn --pid \(name.dropFirst(4))" : "kstate conn --netns \(quoted(name))"
    }
}

extension Endpoint {
    /// The port, where one is named: 0 stands for every port.
    fileprivate var knownPort: UInt16? { port == 0 ? nil : port }
}
