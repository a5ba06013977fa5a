internal import KernelState

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
    var appearance: ConnectionAppearance {
        ConnectionAppearance(
            service: service, backend: backend, translatedClient: translatedClient, flowState: conntrack?.state,
            status: conntrack?.status, mark: conntrack?.mark, id: conntrack?.id, labels: conntrack?.labels, ipvsState: ipvs?.state,
            forwarding: forwarding)
    }
}
