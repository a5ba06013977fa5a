/// Who has an address, in the words of the cluster: a pod and its node, or the node that several share it on.
public struct AddressName: Hashable, Sendable {
    /// `namespace/pod`; nil for a node's own address, and where several pods could be meant.
    public var pod: String?
    public var node: String?
    /// Whether that pod is ready.
    public var isReady: Bool?

    public init(_ holder: AddressHolder) {
        switch holder {
        case .pod(let found):
            pod = found.name.description
            node = found.node
            isReady = found.isReady
        case .node(let name, _): node = name.isEmpty ? nil : name
        case .severalPods, .unknown: break
        }
    }
}
