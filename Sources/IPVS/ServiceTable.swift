internal import CLinux
internal import Glibc
public import KernelState

/// Reads the virtual services of a namespace with their backends.
public struct ServiceTable {
    private let family: IPVSFamily
    /// What /proc/net/ip_vs lists, read when it is first needed: all is there in a dump that is short enough.
    private var listing: [VirtualService]?

    /// Reads the services of the calling thread's namespace over generic netlink; from /proc, which has no counters, where the
    /// right for that is missing.
    ///
    /// - Throws: an error with the remedy, and `ENOENT`, when ip_vs is not loaded: looking loads no module.
    public static func services() throws(KernelStateError) -> [VirtualService] {
        do throws(KernelStateError) {
            var table = ServiceTable(family: try IPVSFamily())
            return try table.services()
        } catch {
            guard error.code == EPERM else { throw error }
            return try IPVSAvailability.servicesFromProc()
        }
    }

    private mutating func services() throws(KernelStateError) -> [VirtualService] {
        var services = try CheckedDump.read(
            by: \.identity, isWhole: { (names) throws(KernelStateError) in try listsNone(but: names) }, dumpServices)
        // A service that has gone since has an empty dump of destinations, without an error.
        for index in services.indices { services[index].backends = try backends(of: services[index].identity) }
        return services
    }

    private mutating func listsNone(but names: Set<ServiceIdentity>) throws(KernelStateError) -> Bool {
        let listed = try IPVSAvailability.servicesFromProc()
        listing = listed
        return Set(names.map(\.asListed)).isSuperset(of: listed.map(\.identity.asListed))
    }

    private mutating func backends(of service: ServiceIdentity) throws(KernelStateError) -> [Backend] {
        try CheckedDump.read(
            by: \.endpoint, isWhole: { (names) throws(KernelStateError) in try listsNone(but: names, of: service) },
            { () throws(KernelStateError) in try dumpBackends(of: service) })
    }

    private mutating func listsNone(but names: Set<Endpoint>, of service: ServiceIdentity) throws(KernelStateError) -> Bool {
        if listing == nil { listing = try IPVSAvailability.servicesFromProc() }
        return names.isSuperset(of: listing?.first { $0.identity.asListed == service.asListed }?.backends.map(\.endpoint) ?? [])
    }

    private func dumpServices() throws(KernelStateError) -> (objects: [VirtualService], datagrams: Int) {
        var found: [VirtualService] = []
        let datagrams = try family.dump(
            Int(IPVS_CMD_GET_SERVICE), object: Int(IPVS_CMD_ATTR_SERVICE), operation: "reading the IPVS services"
        ) { bytes in
            if let service = ServiceDecoder.decode(bytes) { found.append(service) }
        }
        return (found, datagrams)
    }

    private func dumpBackends(of service: ServiceIdentity) throws(KernelStateError) -> (objects: [Backend], datagrams: Int) {
        var found: [Backend] = []
        let datagrams = try family.dump(
            Int(IPVS_CMD_GET_DEST), of: service, object: Int(IPVS_CMD_ATTR_DEST), operation: "reading the backends of an IPVS service"
        ) { bytes in
            if let backend = DestinationDecoder.decode(bytes, family: service.family) { found.append(backend) }
        }
        return (found, datagrams)
    }
}

extension ServiceIdentity {
    /// As far as /proc tells: not the family of a firewall mark.
    fileprivate var asListed: ServiceIdentity {
        if case .firewallMark(let mark, _) = self { .firewallMark(mark, .ipv4) } else { self }
    }
}
