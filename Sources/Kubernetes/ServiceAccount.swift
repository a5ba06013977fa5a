import KernelState

/// What Kubernetes gives to every pod: the API server's address in the environment, a token and the cluster's certificate in files.
enum ServiceAccount {
    static let folder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The API server as a pod sees it; nil outside pods.
    ///
    /// - Throws: why the token cannot be read, where there is a service account.
    static func server(_ environment: Environment) throws(KernelStateError) -> APIServer? {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], let port = environment["KUBERNETES_SERVICE_PORT"],
            environment.exists(folder + "/token")
        else { return nil }
        var server = APIServer(url: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)", origin: "the pod's service account")
        server.token = try environment.text(of: folder + "/token")
        server.authority = .file(environment.place(folder + "/ca.crt"))
        return server
    }
}
