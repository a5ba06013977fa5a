public import KernelState

/// The names of conntrack's states, as bytes to compare with.
public enum StateNames {
    private static let tcp = TCPState.allCases.map { (state: FlowState.tcp($0), name: Array(FlowState.tcp($0).name.utf8)) }
    private static let sctp = SCTPState.allCases.map { (state: FlowState.sctp($0), name: Array(FlowState.sctp($0).name.utf8)) }
    private static let dccp = DCCPState.allCases.map { (state: FlowState.dccp($0), name: Array(FlowState.dccp($0).name.utf8)) }

    public static func state(named name: UnsafeRawBufferPointer, of transport: TransportProtocol) -> FlowState? {
        let known: [(state: FlowState, name: [UInt8])]
        switch transport {
        case .tcp: known = tcp
        case .sctp: known = sctp
        case .dccp: known = dccp
        default: return nil
        }
        return known.first { $0.name.count == name.count && $0.name.elementsEqual(name) }?.state
    }

    /// The state that `conntrack -o xml` means: it writes the number of any protocol's state by TCP's name for that number.
    public static func state(namedInXML name: UnsafeRawBufferPointer, of transport: TransportProtocol) -> FlowState? {
        guard case .tcp(let state)? = state(named: name, of: .tcp) else { return nil }
        switch transport {
        case .tcp: return .tcp(state)
        case .sctp: return SCTPState(rawValue: state.rawValue).map(FlowState.sctp)
        case .dccp: return DCCPState(rawValue: state.rawValue).map(FlowState.dccp)
        default: return nil
        }
    }
}
