/// Where, of two nodes' tables, the packets of a connection were seen last.
public enum LossPlace: String, Hashable, Sendable, CaseIterable {
    /// They left the client's node and did not arrive at the backend's.
    case beforeNode = "before_node"
    /// They arrived there, and the backend did not answer.
    case inPod = "in_pod"
    /// The backend answered, and its answer did not arrive at the client's node.
    case onReturn = "on_return"
}
