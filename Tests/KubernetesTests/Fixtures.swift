/// A small cluster as `kubectl get services,endpointslices,pods,nodes -A -o json` prints one, shortened where nothing is read.
enum Fixtures {
    static let cluster = """
        {
            "apiVersion": "v1",
            "items": [
        \([dnsService, webService, dnsSlice(four), dnsSlice(six), corednsPod, terminatingPod, finishedPod, proxyPod, node1, node3]
            .joined(separator: ",\n"))
            ],
            "kind": "List",
            "metadata": {
                "resourceVersion": ""
            }
        }

        """

    // Dual stack; `metrics` has a number where `dns` is a name; a label's value that looks like JSON.
    private static let dnsService = #"""
        {"apiVersion": "v1", "kind": "Service",
         "metadata": {"annotations": {"note": "{\"items\":[{\"kind\":\"Pod\"}]}"}, "creationTimestamp": "2026-10-01T08:00:00Z",
          "labels": {"k8s-app": "kube-dns"}, "name": "kube-dns", "namespace": "kube-system", "resourceVersion": "257",
          "uid": "4e6f7a18-6d39-4d6e-9a36-0f7a55f4d0e1"},
         "spec": {"clusterIP": "10.233.0.3", "clusterIPs": ["10.233.0.3", "fd00:10:233::3"], "internalTrafficPolicy": "Cluster",
          "ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "PreferDualStack",
          "ports": [{"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53}, {"name": "dns-tcp", "port": 53, "protocol": "TCP",
           "targetPort": 53}, {"name": "metrics", "port": 9153, "protocol": "TCP", "targetPort": 9153}],
          "selector": {"k8s-app": "kube-dns"}, "sessionAffinity": "None", "type": "ClusterIP"},
         "status": {"loadBalancer": {}}}
        """#

    private static let webService = #"""
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
         "spec": {"allocateLoadBalancerNodePorts": true, "clusterIP": "10.233.14.20", "clusterIPs": ["10.233.14.20"],
          "externalIPs": ["203.0.113.7"], "externalTrafficPolicy": "Local", "healthCheckNodePort": 31999,
          "ports": [{"nodePort": 30080, "port": 80, "protocol": "TCP", "targetPort": "http"}], "selector": {"app": "web"}, "type": "LoadBalancer"},
         "status": {"loadBalancer": {"ingress": [{"ip": "198.51.100.20", "ipMode": "VIP"}, {"hostname": "lb.example"}]}}}
        """#

    private static let four = (type: "IPv4", first: "10.233.71.1", second: "10.233.102.4")
    private static let six = (type: "IPv6", first: "fd00:10:233:71::1", second: "fd00:10:233:102::4")

    private static func dnsSlice(_ family: (type: String, first: String, second: String)) -> String {
        let ports =
            family.type == "IPv4"
            ? #"{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "metrics", "port": 9153, "protocol": "TCP"}"#
            : #"{"name": "dns", "port": 53, "protocol": "UDP"}"#
        return """
            {"addressType": "\(family.type)", "apiVersion": "discovery.k8s.io/v1", "endpoints": [
              {"addresses": ["\(family.first)"], "conditions": {"ready": true, "serving": true, "terminating": false}, "nodeName": "node3",
               "targetRef": {"kind": "Pod", "name": "coredns-5d78c9869d-2xvqz", "namespace": "kube-system", "uid": "a1"}},
              {"addresses": ["\(family.second)"], "conditions": {"ready": false, "serving": true, "terminating": true}, "nodeName": "node1",
               "targetRef": {"kind": "Pod", "name": "coredns-5d78c9869d-k7m2p", "namespace": "kube-system", "uid": "a2"}}],
             "kind": "EndpointSlice", "metadata": {"generateName": "kube-dns-", "labels": {
              "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io", "kubernetes.io/service-name": "kube-dns"},
              "name": "kube-dns-\(family.type.lowercased())", "namespace": "kube-system"}, "ports": [\(ports)]}
            """
    }

    private static func pod(_ name: String, _ metadata: String, _ spec: String, _ status: String) -> String {
        """
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "\(name)", "namespace": "kube-system"\(metadata)},
         "spec": {"containers": [{"image": "registry.example/\(name)", "name": "main", "ports": [{"containerPort": 53}]}], \(spec)},
         "status": {"containerStatuses": [{"ready": true, "state": {"running": {}}}], \(status)}}
        """
    }

    private static let ready = #""conditions": [{"type": "Initialized", "status": "True"}, {"type": "Ready", "status": "True"}]"#

    private static let corednsPod = pod(
        "coredns-5d78c9869d-2xvqz", "", #""nodeName": "node3""#,
        #""phase": "Running", "hostIP": "192.168.56.13", "podIP": "10.233.71.1", "#
            + #""podIPs": [{"ip": "10.233.71.1"}, {"ip": "fd00:10:233:71::1"}], \#(ready)"#)

    private static let terminatingPod = pod(
        "coredns-5d78c9869d-k7m2p", #", "deletionGracePeriodSeconds": 30, "deletionTimestamp": "2026-11-24T11:00:30Z""#,
        #""nodeName": "node1""#, #""phase": "Running", "podIP": "10.233.102.4", "podIPs": [{"ip": "10.233.102.4"}], \#(ready)"#)

    // Ended, and still naming the address that coredns has now.
    private static let finishedPod = pod(
        "migrate-28392-abcde", "", #""nodeName": "node3""#, #""phase": "Succeeded", "podIP": "10.233.71.1", "podIPs": [{"ip": "10.233.71.1"}]"#)

    private static let proxyPod = pod(
        "kube-proxy-x7k2d", "", #""hostNetwork": true, "nodeName": "node3""#,
        #""phase": "Running", "hostIP": "192.168.56.13", "podIP": "192.168.56.13", "podIPs": [{"ip": "192.168.56.13"}], \#(ready)"#)

    private static let node1 = node("node1", "192.168.56.11")
    private static let node3 = node("node3", "192.168.56.13")

    private static func node(_ name: String, _ address: String) -> String {
        """
        {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "\(name)"}, "spec": {"podCIDR": "10.233.64.0/24"},
         "status": {"addresses": [{"address": "\(address)", "type": "InternalIP"}, {"address": "\(name)", "type": "Hostname"}], \(ready)}}
        """
    }
}
