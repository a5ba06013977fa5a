/// The kinds of objects that names are made from, as the API serves them.
enum APIKind: String, CaseIterable, Sendable {
    case services, endpointslices, pods, nodes

    /// Where the list is. A pod that has ended gives its address back, so the server need not send it.
    var path: String {
        switch self {
        case .services: "/api/v1/services?limit=500"
        case .endpointslices: "/apis/discovery.k8s.io/v1/endpointslices?limit=500"
        case .pods: "/api/v1/pods?limit=500&fieldSelector=status.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed"
        case .nodes: "/api/v1/nodes?limit=500"
        }
    }

    /// What clusters that do not know this kind have in its place.
    var olderPath: String? { self == .endpointslices ? "/api/v1/endpoints?limit=500" : nil }

    /// As a rule of RBAC names it.
    var resource: String { self == .endpointslices ? "endpointslices.discovery.k8s.io" : rawValue }

    /// How to be let to list it.
    var remedyForRefusal: String {
        "allow it with `kubectl create clusterrole kstate --verb=list --resource=\(APIKind.allCases.map(\.resource).joined(separator: ","))` "
            + "and a clusterrolebinding to it, or \(Kubeconfig.fileWay)"
    }
}
