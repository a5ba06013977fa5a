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

    static let sysctls = "/proc/sys/net/netfilter"

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

    /// Both as they are now; 0 for what cannot be read any more.
    public func read() -> Reading {
        Reading(entries: count.number() ?? 0, buckets: buckets.number() ?? 0)
    }

    /// Buckets of the hash now.
    func bucketCount() -> UInt64 { buckets.number() ?? 0 }

    /// A dump would load nf_conntrack_netlink, and a reader leaves the node as it found it.
    private static func requireNetlinkInterface() throws(KernelStateError) {
        guard let modules = try? KernelFile(path: "/proc/modules").contents() else { return }
        guard modules.line(startingWith: "nf_conntrack_netlink ") == nil else { return }
        if modules.line(startingWith: "nf_conntrack ") != nil || canBeLoaded {
            throw KernelStateError(
                operation: "nf_conntrack_netlink is not loaded", cause: "the conntrack table cannot be read",
                remedy: "`modprobe nf_conntrack_netlink` loads it; kstate loads no module by itself")
        }
    }

    /// Where nf_conntrack itself is built in, its netlink interface may be so too, or be a module all the same: then depmod(8) knows it.
    /// Where it is neither, the dump says so.
    private static var canBeLoaded: Bool {
        guard let release = try? KernelFile(path: "/proc/sys/kernel/osrelease").contents(),
            let dependencies = try? KernelFile(
                path: "/lib/modules/\(String(decoding: release, as: UTF8.self).prefix { !$0.isNewline })/modules.dep"
            ).contents()
        else { return false }
        return dependencies.line(startingWith: "kernel/net/netfilter/nf_conntrack_netlink.ko") != nil
    }

    /// Conntrack entries of all namespaces together, from the slab allocator's books: what a walk passes over, whichever
    /// namespace asks. Needs root; nil without.
    public static func entriesOfAllNamespaces() -> UInt64? {
        guard let slabs = try? KernelFile(path: "/proc/slabinfo").contents(), let line = slabs.line(startingWith: "nf_conntrack ")
        else { return nil }
        let words = line.split(separator: UInt8(ascii: " "))
        return words.count > 1 ? UInt64(String(decoding: words[1], as: UTF8.self)) : nil
    }
}

extension [UInt8] {
    /// The first line that begins with `prefix`. Bytes are compared, not text: these files are long and read at every start.
    fileprivate func line(startingWith prefix: StaticString) -> ArraySlice<UInt8>? {
        split(separator: UInt8(ascii: "\n")).first { line in
            line.starts(with: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        }
    }
}
