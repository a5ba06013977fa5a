import ArgumentParser
import Kubernetes

/// Where names for the addresses come from.
struct KubeOptions: ParsableArguments {
    enum Source: Equatable, ExpressibleByArgument {
        case off, automatic
        case file(String)

        init?(argument: String) {
            switch argument {
            case "": return nil
            case "off": self = .off
            case "auto": self = .automatic
            default: self = .file(argument)
            }
        }
    }

    @Option(
        help: ArgumentHelp(
            "Names of services, pods and nodes from Kubernetes: auto asks the API server, file is read.",
            discussion: """
                auto goes by the pod's service account, else by $KUBECONFIG or ~/.kube/config, in parallel with the tables. \
                file is what `\(ClusterFile.command)` prints; where it cannot be read to its end, the exit status is 1. \
                The default is off: listing all pods is work for an API server, which nobody should ask for by the way; with --from it is \
                the names that the snapshot has kept, if any. A file of that name: ./auto, ./off.
                """, valueName: "auto|file|off"), completion: .file())
    var kube: Source?

    @Option(help: ArgumentHelp("Wait no longer for --kube auto; what has come by then is used.", valueName: "seconds"))
    var kubeTimeout: Double = 2

    func validate() throws {
        if !(kubeTimeout > 0 && kubeTimeout <= 3600) { throw ValidationError("--kube-timeout \(kubeTimeout): give a number above 0, up to 3600") }
    }
}
