// The few fields of the API's objects that name addresses, as their JSON has them. What the API may leave out is optional.

import FoundationEssentials
import KernelState

struct ObjectMetadata: Decodable {
    var name: String?
    var namespace: String?
    var labels: [String: String]?
    var deletionTimestamp: String?
}

struct ServiceDocument: Decodable {
    struct Port: Decodable {
        var name: String?
        var transport: String?
        var port: Int
        var nodePort: Int?

        enum CodingKeys: String, CodingKey {
            case name, port, nodePort
            case transport = "protocol"
        }
    }
    struct Spec: Decodable {
        var type: String?
        var clusterIP: String?
        var clusterIPs: [String]?
        var externalIPs: [String]?
        var selector: [String: String]?
        var ports: [Port]?
    }
    struct Status: Decodable {
        struct LoadBalancer: Decodable {
            struct Ingress: Decodable {
                var ip: String?
            }
            var ingress: [Ingress]?
        }
        var loadBalancer: LoadBalancer?
    }
    var metadata: ObjectMetadata
    var spec: Spec?
    var status: Status?
}

struct ObjectReference: Decodable {
    var kind: String?
    var namespace: String?
    var name: String?
}

struct EndpointPort: Decodable {
    var name: String?
    var transport: String?
    /// Absent where an endpoint answers on all ports.
    var port: Int?

    enum CodingKeys: String, CodingKey {
        case name, port
        case transport = "protocol"
    }
}

struct EndpointSliceDocument: Decodable {
    struct Conditions: Decodable {
        var ready: Bool?
        var serving: Bool?
        var terminating: Bool?
    }
    struct Entry: Decodable {
        var addresses: [String]?
        var conditions: Conditions?
        var targetRef: ObjectReference?
        var nodeName: String?
    }
    var metadata: ObjectMetadata
    /// `IPv4`, `IPv6` or `FQDN`.
    var addressType: String?
    var endpoints: [Entry]?
    var ports: [EndpointPort]?
}

/// What clusters before 1.21 have in place of slices, and later ones beside them.
struct EndpointsDocument: Decodable {
    struct Address: Decodable {
        var ip: String?
        var nodeName: String?
        var targetRef: ObjectReference?
    }
    struct Subset: Decodable {
        var addresses: [Address]?
        var notReadyAddresses: [Address]?
        var ports: [EndpointPort]?
    }
    var metadata: ObjectMetadata
    var subsets: [Subset]?
}

struct Condition: Decodable {
    var type: String?
    var status: String?
}

struct PodDocument: Decodable {
    struct Spec: Decodable {
        var nodeName: String?
        var hostNetwork: Bool?
    }
    struct Address: Decodable {
        var ip: String?
    }
    struct Status: Decodable {
        var phase: String?
        var podIP: String?
        var podIPs: [Address]?
        var conditions: [Condition]?
    }
    var metadata: ObjectMetadata
    var spec: Spec?
    var status: Status?
}

struct NodeDocument: Decodable {
    struct Address: Decodable {
        var type: String?
        var address: String?
    }
    struct Status: Decodable {
        var addresses: [Address]?
        var conditions: [Condition]?
    }
    var metadata: ObjectMetadata
    var status: Status?
}

/// What stands around the items of a list: its kind, and where the next page begins.
struct ListDocument: Decodable {
    struct Metadata: Decodable {
        var next: String?

        enum CodingKeys: String, CodingKey {
            case next = "continue"
        }
    }
    var kind: String?
    var metadata: Metadata?

    /// The kind of the items where these do not say it themselves: `Pod` for a `PodList`, nil for a `List`.
    var itemKind: String? {
        guard let kind, kind.hasSuffix("List"), kind.count > 4 else { return nil }
        return String(kind.dropLast(4))
    }
}

/// An object of the kinds that names are made from, decoded by the kind that it or its list names.
enum ClusterObject: Decodable {
    case service(ServiceDocument)
    case slice(EndpointSliceDocument)
    case endpoints(EndpointsDocument)
    case pod(PodDocument)
    case node(NodeDocument)
    case other(kind: String)

    /// Under which a decoder holds the kind that the list names.
    static let kindOfList = CodingUserInfoKey(rawValue: "kindOfList")!

    private enum CodingKeys: String, CodingKey { case kind }

    init(from decoder: any Decoder) throws {
        let kind = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(String.self, forKey: .kind)
        switch kind ?? decoder.userInfo[ClusterObject.kindOfList] as? String ?? "" {
        case "Service": self = .service(try ServiceDocument(from: decoder))
        case "EndpointSlice": self = .slice(try EndpointSliceDocument(from: decoder))
        case "Endpoints": self = .endpoints(try EndpointsDocument(from: decoder))
        case "Pod": self = .pod(try PodDocument(from: decoder))
        case "Node": self = .node(try NodeDocument(from: decoder))
        case let other: self = .other(kind: other)
        }
    }
}

/// An object's name alone, for one that cannot be decoded as what it is.
struct NamedDocument: Decodable {
    var kind: String?
    var metadata: ObjectMetadata?

    var description: String {
        let name = [metadata?.namespace, metadata?.name].compactMap { $0 }.joined(separator: "/")
        return [kind, name.isEmpty ? nil : name].compactMap { $0 }.joined(separator: " ")
    }
}
