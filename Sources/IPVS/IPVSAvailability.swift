public import KernelState
internal import Netlink

/// Whether there is an IPVS table to read, found out without loading the module.
public enum IPVSAvailability {
    /// Opens the calling thread's namespace's /proc/net/ip_vs, which exists as long as ip_vs is loaded.
    static func openServices() throws(KernelStateError) -> KernelFile {
        do throws(KernelStateError) {
            return try KernelFile(path: "/proc/thread-self/net/ip_vs")
        } catch {
            throw KernelStateError(
                operation: "ip_vs is not loaded", cause: "no IPVS connections here",
                remedy: "something that balances with it, like kube-proxy in IPVS mode, loads it", code: error.code)
        }
    }

    /// Opens the calling thread's namespace's counters, a row a processor; nil where they may not be read.
    static func openStatistics() -> KernelFile? { try? KernelFile(path: "/proc/thread-self/net/ip_vs_stats_percpu") }

    /// The services of the calling thread's namespace, as anybody may read them from /proc/net/ip_vs.
    public static func servicesFromProc() throws(KernelStateError) -> [VirtualService] {
        ServiceTableParser.services(in: try openServices().contents())
    }
}
