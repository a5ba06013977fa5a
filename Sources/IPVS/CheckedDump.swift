internal import KernelState

/// Reads a list that the kernel dumps by index, and looks whether it is whole.
///
/// Where a dump takes several datagrams, the kernel resumes at the number of objects that it has handed out: when an earlier one
/// is deleted meanwhile, one that is still there is passed over in silence, and when one is added, another comes twice. Dumping
/// until two are equal does not settle it: what stands where a datagram ends may be passed over each time. So a dump of several
/// datagrams is held against the names that /proc lists, which resumes elsewhere, and is repeated while one is missing. What any
/// of the passes had is handed out: rather one that has just gone than none of one that is there.
enum CheckedDump {
    static let maximumPasses = 5

    /// - Parameters:
    ///   - name: tells objects apart.
    ///   - isWhole: whether /proc lists none but these.
    ///   - pass: one dump, and how many datagrams it took.
    static func read<Object, Name: Hashable>(
        by name: (Object) -> Name, isWhole: (Set<Name>) throws(KernelStateError) -> Bool,
        _ pass: () throws(KernelStateError) -> (objects: [Object], datagrams: Int)
    ) throws(KernelStateError) -> [Object] {
        var found: [Object] = []
        var names: Set<Name> = []
        for _ in 0..<maximumPasses {
            let (objects, datagrams) = try pass()
            if datagrams <= 1, found.isEmpty { return objects }
            for object in objects where names.insert(name(object)).inserted { found.append(object) }
            if try isWhole(names) { break }
        }
        return found
    }
}
