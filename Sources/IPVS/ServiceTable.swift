internal import CLinux
internal import Glibc
public import KernelState

/// Reads the virtual services of a namespace with their backends.
public enum ServiceTable {
    /// Reads the services of the calling thread's namespace over generic netlink; from /proc, which has no counters, where the
    /// right for that is missing.
    ///
    /// - Throws: an error with the remedy, and `ENOENT`, when ip_vs is not loaded: looking loads no module.
    public static func services() throws(KernelStateError) -> [VirtualService] {
        do throws(KernelStateError) {
            return try services(of: IPVSFamily())
        } catch {
            guard error.code == EPERM else { throw error }
            return try IPVSAvailability.servicesFromProc()
        }
    }

    private static func services(of family: IPVSFamily) throws(KernelStateError) -> [VirtualService] {
        var services = try SettledDump.read(by: \.identity) { () throws(KernelStateError) in
            var found: [VirtualService] = []
            let datagrams = try family.dump(
                Int(IPVS_CMD_GET_SERVICE), object: Int(IPVS_CMD_ATTR_SERVICE), operation: "reading the IPVS services"
            ) { bytes in
                if let service = ServiceDecoder.decode(bytes) { found.append(service) }
            }
            return (found, datagrams)
        }
        // A service that has gone since has an empty dump of destinations, without an error.
        for index in services.indices {
            services[index].backends = try backends(of: services[index].identity, family)
        }
        return services
    }

    private static func backends(of service: ServiceIdentity, _ family: IPVSFamily) throws(KernelStateError) -> [Backend] {
        try SettledDump.read(by: \.endpoint) { () throws(KernelStateError) in
            var found: [Backend] = []
            let datagrams = try family.dump(
                Int(IPVS_CMD_GET_DEST), of: service, object: Int(IPVS_CMD_ATTR_DEST), operation: "reading the backends of an IPVS service"
            ) { bytes in
                if let backend = DestinationDecoder.decode(bytes, family: service.family) { found.append(backend) }
            }
            return (found, datagrams)
        }
    }
}
