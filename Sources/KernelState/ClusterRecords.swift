// What a Kubernetes cluster knows of the addresses that the tables show. Where the records come from is the Kubernetes target's matter.

/// The namespace and name of an object of the cluster.
public struct ObjectName: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var namespace: String
    public var name: String

    public init(namespace: String, name: String) {
        self.namespace = namespace
        self.name = name
    }

    /// `kube-system/kube-dns`.
    public var description: String { "\(namespace)/\(name)" }

    public static func < (left: ObjectName, right: ObjectName) -> Bool {
        (left.namespace, left.name) < (right.namespace, right.name)
    }
}

/// A port of a service.
public struct ClusterServicePort: Hashable, Sendable {
    public var transport: TransportProtocol
    public var port: UInt16
    /// Empty where the service has one port and gives it no name.
    public var name: String
    /// The port that every node answers on; nil without one.
    public var nodePort: UInt16?

    public init(transport: TransportProtocol, port: UInt16, name: String = "", nodePort: UInt16? = nil) {
        self.transport = transport
        self.port = port
        self.name = name
        self.nodePort = nodePort
    }
}

/// A service of the cluster with the addresses that clients ask.
public struct ClusterService: Hashable, Sendable {
    public var name: ObjectName
    public var ports: [ClusterServicePort] = []
    /// `spec.clusterIPs`, one a family; empty for a headless service and for an ExternalName.
    public var clusterAddresses: [IPAddress] = []
    public var externalAddresses: [IPAddress] = []
    public var loadBalancerAddresses: [IPAddress] = []
    /// `clusterIP: None`: clients get the endpoints' own addresses from DNS.
    public var isHeadless = false
    /// `type: ExternalName`: a name in DNS, no address at all.
    public var isExternalName = false
    /// Without a selector, someone else keeps the endpoints, and they need not be pods.
    public var hasSelector = true

    public init(name: ObjectName) { self.name = name }
}

/// One address and port behind one port of a service (EndpointSlice, or Endpoints in old clusters).
public struct ServiceEndpoint: Hashable, Sendable {
    public var service: ObjectName
    /// The service port's name; empty where that has none.
    public var portName: String
    public var transport: TransportProtocol
    public var endpoint: Endpoint
    /// Gets new connections.
    public var isReady = true
    /// Answers, though it may be terminating.
    public var isServing = true
    public var isTerminating = false
    public var node: String?
    /// nil where something else than a pod answers.
    public var pod: ObjectName?

    public init(service: ObjectName, portName: String, transport: TransportProtocol, endpoint: Endpoint) {
        self.service = service
        self.portName = portName
        self.transport = transport
        self.endpoint = endpoint
    }
}

/// A pod and the addresses that it has, or had when it ended.
public struct ClusterPod: Hashable, Sendable {
    public var name: ObjectName
    /// nil until the pod is scheduled.
    public var node: String?
    /// `status.podIPs`: one a family. The node's own for a pod on the host's network.
    public var addresses: [IPAddress] = []
    public var isReady = false
    public var usesHostNetwork = false
    /// Phase Succeeded or Failed: such a pod keeps naming an address that may be another's by now.
    public var isFinished = false
    /// When the pod is to be gone, in seconds since 1970; nil unless it is being deleted.
    public var deletedAt: Int64?

    public init(name: ObjectName) { self.name = name }
}

/// A node with its addresses, internal and external.
public struct ClusterNode: Hashable, Sendable {
    public var name: String
    public var addresses: [IPAddress] = []
    public var isReady = false

    public init(name: String) { self.name = name }
}

/// What the address and port of a service are called.
public struct ServiceName: Hashable, Sendable, CustomStringConvertible {
    /// By which of a service's addresses a client came.
    public enum AddressKind: String, Sendable, CaseIterable {
        case clusterIP, externalIP, loadBalancer
        /// A port on the address of any node.
        case nodePort
    }
    public var service: ObjectName
    /// Empty where the port has no name.
    public var portName: String
    /// The service's own port, which a node port stands for.
    public var port: UInt16
    public var addressKind: AddressKind

    public init(service: ObjectName, portName: String, port: UInt16, addressKind: AddressKind) {
        self.service = service
        self.portName = portName
        self.port = port
        self.addressKind = addressKind
    }

    /// `kube-system/kube-dns:metrics`, with the number of a port without a name.
    public var description: String { "\(service):\(portName.isEmpty ? String(port) : portName)" }
}

/// Whose an address is.
public enum AddressHolder: Hashable, Sendable {
    /// The cluster knows no such address.
    case unknown
    case pod(ClusterPod)
    /// A node's own address, which its processes and all pods on its network share: none of them is meant more than another.
    /// The node's name is empty where the cluster does not tell it.
    case node(String, hostNetworkPods: Int)
    /// Several pods name this address and nothing tells whose it is.
    case severalPods([ClusterPod])
}
