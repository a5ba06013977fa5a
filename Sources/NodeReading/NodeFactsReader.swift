internal import Conntrack
internal import IPVS
public import KernelState
public import Netlink

/// Reads what a namespace and its node tell beside the two tables.
public enum NodeFactsReader {
    /// Reads every part of it that can be read; each other is a problem in the facts. Nothing is loaded or changed.
    ///
    /// - Parameters:
    ///   - namespace: where to look.
    ///   - path: how the namespace was opened, which tells whose resolv.conf is read.
    public static func facts(of namespace: borrowing NamespaceHandle, path: String) -> NodeFacts {
        var facts = NodeFacts()
        do throws(KernelStateError) {
            facts = try namespace.inside { factsOfCallingThread() }
        } catch {
            facts.problems.append(error)
        }
        facts.resolverConfiguration = facts.part { () throws(KernelStateError) in try ResolverFile(namespacePath: path).contents() }
        return facts
    }

    private static func factsOfCallingThread() -> NodeFacts {
        var facts = NodeFacts()
        facts.sysctls = SettingReader.settings(&facts.problems)
        facts.conntrackStatistics = facts.part(StatisticsReader.read) ?? []
        facts.ipvs = facts.part(IPVSInformation.read)
        facts.interfaces = facts.part(NetworkReader.interfaces) ?? []
        facts.routes = facts.part(NetworkReader.routes) ?? []
        facts.neighbours = facts.part(NetworkReader.neighbours) ?? []
        return facts
    }
}

extension NodeFacts {
    /// What `read` gives; nil, and a problem noted, where it fails.
    fileprivate mutating func part<Part>(_ read: () throws(KernelStateError) -> Part) -> Part? {
        do throws(KernelStateError) {
            return try read()
        } catch {
            problems.append(error)
            return nil
        }
    }
}
