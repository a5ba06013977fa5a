internal import KernelState

/// Reads a list that the kernel dumps by index, until it stands still.
///
/// Where a dump takes several datagrams, the kernel resumes at the number of objects that it has handed out: when an earlier one
/// is deleted meanwhile, one that is still there is passed over in silence. So such a dump is repeated until two in a row name
/// the same objects. Where they never do, whatever any of them had is handed out: rather one that has just gone than none of one
/// that is there.
enum SettledDump {
    static let maximumPasses = 5

    static func read<Object, Name: Hashable>(
        by name: (Object) -> Name, _ pass: () throws(KernelStateError) -> (objects: [Object], datagrams: Int)
    ) throws(KernelStateError) -> [Object] {
        var last = try pass()
        if last.datagrams <= 1 { return last.objects }
        var gone: [Name: Object] = [:]
        for _ in 1..<maximumPasses {
            let next = try pass()
            let names = next.objects.map(name)
            if names == last.objects.map(name) { return next.objects }
            for object in last.objects { gone[name(object)] = object }
            for name in names { gone[name] = nil }
            last = next
        }
        return last.objects + gone.values
    }
}
