internal import KernelState

extension Endpoint {
    /// Whether it stands before `other`, by address and then port; nil when both are equal, so that another criterion can decide.
    func precedes(_ other: Endpoint) -> Bool? {
        if address != other.address { return address < other.address }
        let ports = (port ?? 0, other.port ?? 0)
        return ports.0 == ports.1 ? nil : ports.0 < ports.1
    }
}
