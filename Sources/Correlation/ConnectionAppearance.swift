public import KernelState

/// What a person would call a change when it differs: anything but timers, counters and reference counts, and but the backend's weight,
/// which is the service's affair.
struct ConnectionAppearance: Hashable {
    var service: Endpoint?
    var backend: Endpoint
    var translatedClient: Endpoint?
    var flowState: FlowState?
    var status: FlowStatus?
    var mark: UInt32?
    var id: UInt32?
    var labels: FlowLabels?
    var ipvsState: IPVSState?
    var forwarding: ForwardingMethod?
}

extension Connection {
    /// Names what a client asked, and where: no change of state or backend makes another connection of it.
    ///
    /// - Parameter place: names the place; its own index tells it from the others of the same reading alone.
    public func identity(at place: PlaceIndex) -> UInt64 {
        var fingerprint = Fingerprint()
        fingerprint.mix(UInt64(place) << 32 | UInt64(zone) << 8 | UInt64(transport.rawValue))
        fingerprint.mix(client)
        fingerprint.mix(service ?? backend)
        return fingerprint.value
    }

    var appearance: ConnectionAppearance {
        ConnectionAppearance(
            service: service, backend: backend, translatedClient: translatedClient, flowState: conntrack?.state,
            status: conntrack?.status, mark: conntrack?.mark, id: conntrack?.id, labels: conntrack?.labels, ipvsState: ipvs?.state,
            forwarding: forwarding)
    }
}
