// fact-printer [NAME|PID] - prints what kstate reads beside the two tables, of this network namespace (also `.`), of a named one
// or of a process's, as lines of JSON: a service each, then every kind of fact. With `time` as a second word, how long it took
// instead; with `path` and addresses, the ways that lead there.

import Correlation
import Glibc
import IPVS
import KernelState
import Netlink
import NodeReading

func print(_ members: (name: String, value: JSONValue)...) {
    var line: [UInt8] = []
    JSONValue.object(members).append(to: &line)
    Swift.print(String(decoding: line, as: UTF8.self))
}

func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    return try clock.measure(body) / .milliseconds(1)
}

let arguments = CommandLine.arguments.dropFirst()
let found: FoundNamespace
switch arguments.first {
case nil, ".": found = try NamespaceSearch.own()
case let name?: found = try Int32(name).map(NamespaceSearch.ofProcess) ?? NamespaceSearch.named(name)
}
let handle = try NamespaceHandle(path: found.path)

if arguments.last == "time" {
    for _ in 0..<5 {
        let facts = milliseconds { _ = NodeFactsReader.facts(of: handle, path: found.path) }
        let services = milliseconds { _ = try? handle.inside { () throws(KernelStateError) in try ServiceTable.services() } }
        let proc = milliseconds { _ = try? handle.inside { () throws(KernelStateError) in try IPVSAvailability.servicesFromProc() } }
        Swift.print("facts \(facts) ms, services over netlink \(services) ms, from /proc \(proc) ms")
    }
    exit(0)
}

if arguments.dropFirst().first == "path" {
    let lookup = RouteLookup(NodeFactsReader.facts(of: handle, path: found.path))
    for text in arguments.dropFirst(2) {
        guard let address = IPAddress(text) else { fatalError("\(text) is no address") }
        print((text, .array(lookup.paths(to: address).map(\.json))))
    }
    exit(0)
}

do throws(KernelStateError) {
    for service in try handle.inside({ () throws(KernelStateError) in try ServiceTable.services() }) { print(("service", service.json)) }
} catch {
    print(("problem", .text(error.description)))
}
let facts = NodeFactsReader.facts(of: handle, path: found.path)
print(("sysctls", .object(facts.sysctls.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })))
for statistics in facts.conntrackStatistics { print(("statistics", statistics.json)) }
if let ipvs = facts.ipvs { print(("ipvs", ipvs.json)) }
for interface in facts.interfaces { print(("interface", interface.json)) }
for route in facts.routes { print(("route", route.json)) }
for neighbour in facts.neighbours { print(("neighbour", neighbour.json)) }
if let text = facts.resolverConfiguration { print(("resolver", .text(text))) }
for problem in facts.problems { print(("problem", .text(problem.description))) }
