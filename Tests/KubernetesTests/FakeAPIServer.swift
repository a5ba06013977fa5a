import Foundation
import KernelState

@testable import Kubernetes

/// Support/api_server.py, running with the fixtures' cluster until this object goes.
final class FakeAPIServer {
    let folder: String
    let port: Int
    private let process = Process()
    private let input = Pipe()

    init(_ arguments: String...) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "kstate-api-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let objects = folder + "/objects.json"
        try Data(Fixtures.cluster.utf8).write(to: URL(filePath: objects))
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Support/api_server.py").path
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", script, "--folder", folder, "--objects", objects] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte[byte.startIndex] != UInt8(ascii: "\n") {
            line += byte
        }
        guard let port = Int(String(decoding: line, as: UTF8.self)) else { throw Failure() }
        self.port = port
    }

    struct Failure: Error {}

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The server as one who knows its authority would have it configured.
    func server(_ change: (inout APIServer) -> Void = { _ in }) -> APIServer {
        var server = APIServer(url: "https://127.0.0.1:\(port)", origin: "the test")
        server.authority = .file(folder + "/ca.crt")
        change(&server)
        return server
    }

    func names(timeout: Double = 20, _ change: (inout APIServer) -> Void = { _ in }) -> ClusterAnswer {
        KubeRequest(server(change), timeout: timeout).wait()
    }

    func file(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: folder + "/" + name)))
    }

    struct Request: Decodable {
        var path: String
        var headers: [String: String]
    }

    /// What was asked so far.
    func requests() throws -> [Request] {
        try String(decoding: file("requests"), as: UTF8.self).split(separator: "\n").map {
            try JSONDecoder().decode(Request.self, from: Data($0.utf8))
        }
    }
}
