import Foundation
import KernelState
import Testing

func address(_ text: String) -> IPAddress {
    guard let address = IPAddress(text) else { fatalError("\(text) is no address") }
    return address
}

func endpoint(_ text: String, _ port: UInt16) -> Endpoint { Endpoint(address: address(text), port: port) }

/// A folder that is gone afterwards.
func inTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "kstate-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}
