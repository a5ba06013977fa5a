// table-filler COUNT [SEED [PORT [PERCENT [SECONDS [BACKENDS]]]]] - makes COUNT conntrack entries in the current network
// namespace, the same ones for the same SEED: of many protocols and states, translated and not, in zones, with marks. Of them
// PERCENT have PORT as their service's. With SECONDS they are spread over that time; with BACKENDS each of 500 addresses has one
// port, and that many pods.

import ConntrackText
import Glibc
import KernelState

let arguments = CommandLine.arguments.dropFirst().map { UInt64($0) ?? 0 }
func argument(_ index: Int, default value: UInt64) -> UInt64 { arguments.count > index ? arguments[index] : value }
guard let count = arguments.first else {
    print("usage: table-filler COUNT [SEED [PORT [PERCENT [SECONDS [BACKENDS]]]]]")
    exit(2)
}
var entries = RandomEntries(
    seed: argument(1, default: 1), port: UInt16(truncatingIfNeeded: argument(2, default: 9153)), percent: argument(3, default: 1),
    backends: argument(5, default: 0))
let seconds = Double(argument(4, default: 0))
var writer = try TableWriter()

let start = Host.uptime
var made: UInt64 = 0
while made < count {
    let portion = min(256, count - made)
    for _ in 0..<portion { writer.add(entries.next()) }
    try writer.send()
    made += portion
    let due = start + seconds * Double(made) / Double(count)
    let early = due - Host.uptime
    if early > 0.001 { usleep(UInt32(early * 1e6)) }
}
print("made \(made - writer.refused) entries, \(writer.refused) refused, in \(Int((Host.uptime - start) * 1000)) ms")
