public import KernelState
internal import Netlink

/// What the kernel says of the conntrack table's size, kept open to be read again before and after a dump.
///
/// Opening it also tells whether there is a table to read, without asking netlink, which would load a module.
public struct TableGauge: ~Copyable {
    private let count: KernelFile
    private let buckets: KernelFile

    /// Entries of this namespace and buckets of the hash that all namespaces share.
    public struct Reading: Hashable, Sendable {
        public var entries: UInt64
        public var buckets: UInt64
    }

    private static let sysctls = "/proc/sys/net/netfilter"

    /// Opens the calling thread's namespace's sysctls.
    ///
    /// - Throws: an error with the remedy when nf_conntrack, or its netlink interface, is not there.
    public init() throws(KernelStateError) {
        let count = try Self.sysctl("nf_conntrack_count")
        let buckets = try Self.sysctl("nf_conntrack_buckets")
        try Self.requireNetlinkInterface()
        self.count = count
        self.buckets = buckets
    }

    private static func sysctl(_ name: String) throws(KernelStateError) -> KernelFile {
        do throws(KernelStateError) {
            return try KernelFile(path: "\(sysctls)/\(name)")
        } catch {
            throw KernelStateError(
                operation: "nf_conntrack is not loaded", cause: "no connections are tracked here",
                remedy: "a firewall or NAT rule that uses conntrack loads it", code: error.code)
        }
    }

    public func read() -> Reading {
        Reading(entries: count.number() ?? 0, buckets: buckets.number() ?? 0)
    }

    /// Buckets of the hash now.
    func bucketCount() -> UInt64 { buckets.number() ?? 0 }

    /// A dump would load nf_conntrack_netlink, and a reader leaves the node as it found it. Where nf_conntrack itself is no
    /// module, its netlink interface is built in as well, or not to be had, which the dump then says.
    private static func requireNetlinkInterface() throws(KernelStateError) {
        guard let bytes = try? KernelFile(path: "/proc/modules").contents() else { return }
        let modules = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { $0.prefix { $0 != " " } }
        if modules.contains("nf_conntrack"), !modules.contains("nf_conntrack_netlink") {
            throw KernelStateError(
                operation: "nf_conntrack_netlink is not loaded", cause: "the conntrack table cannot be read",
                remedy: "`modprobe nf_conntrack_netlink` loads it; kstate loads no module by itself")
        }
    }

    /// Conntrack entries of all namespaces together, from the slab allocator's books: what a walk passes over, whichever
    /// namespace asks. Needs root; nil without.
    public static func entriesOfAllNamespaces() -> UInt64? {
        guard let bytes = try? KernelFile(path: "/proc/slabinfo").contents() else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where line.hasPrefix("nf_conntrack ") {
            return line.split(separator: " ").dropFirst().first.flatMap { UInt64($0) }
        }
        return nil
    }
}
