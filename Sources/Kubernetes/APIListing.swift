import FoundationEssentials
import KernelState

/// All objects of one kind, page by page, from an API server.
struct APIListing {
    let kind: APIKind
    let server: APIServer
    let deadline: MonotonicTime

    /// Why a kind is not there, or not all of it.
    struct Failure: Error, Sendable, Equatable {
        var cause: String
        /// What the server says of this kind alone.
        var detail = ""
        var remedy: String
    }

    /// Hands out each page's records as soon as it is there.
    func run(_ deliver: (NameBuilder) -> Void) throws(Failure) {
        let connection: APIConnection
        do throws(KernelStateError) {
            connection = try APIConnection(server)
        } catch {
            throw Failure(cause: "\(error.operation): \(error.cause)", remedy: error.remedy)
        }
        var path = kind.path
        var next: String?
        while true {
            let page = try page(path + (next.map { "&continue=\(connection.escaped($0))" } ?? ""), connection, deliver)
            if page.isAbsent, next == nil, let older = kind.olderPath, path != older {
                path = older
                continue
            }
            if let failure = page.failure { throw failure }
            guard let following = page.next else { return }
            next = following
        }
    }

    private struct Page {
        var next: String?
        var failure: Failure?
        /// The server knows no such kind.
        var isAbsent = false
    }

    private func page(
        _ path: String, _ connection: APIConnection, _ deliver: (NameBuilder) -> Void
    ) throws(Failure) -> Page {
        let left = deadline.seconds - MonotonicTime.now.seconds
        guard left > 0 else { throw timeout }
        let receiver = Receiver()
        let response = connection.get(path, seconds: left) { status, bytes in receiver.receive(status, bytes) }
        let builder = receiver.reader.takeBuilder()
        if builder.count > 0 || !builder.notices.lines.isEmpty { deliver(builder) }
        return Page(next: receiver.reader.next, failure: failure(response, receiver), isAbsent: response == .status(404))
    }

    private var timeout: Failure {
        Failure(cause: "no whole answer in time", remedy: "give it longer with --kube-timeout, or \(Kubeconfig.fileWay)")
    }

    private func failure(_ response: APIResponse, _ receiver: Receiver) -> Failure? {
        switch response {
        case .status(200):
            if receiver.isBroken || !receiver.reader.isBetweenDocuments || receiver.reader.lastKind == nil {
                return Failure(cause: "the answer is no list of objects", remedy: "check that \(server.url) is an API server")
            }
            return nil
        case .status(let status): return refusal(status, receiver.message)
        case .failure(let code, let detail): return transferFailure(code, detail)
        }
    }

    private func refusal(_ status: Int, _ message: String?) -> Failure {
        let detail = message ?? ""
        switch status {
        case 401:
            return Failure(
                cause: "401, the credentials of \(server.origin) are refused", detail: detail, remedy: "sign in again, or \(Kubeconfig.fileWay)")
        case 403: return Failure(cause: "403, it is forbidden", detail: detail, remedy: kind.remedyForRefusal)
        case 404:
            return Failure(cause: "404, the server has no such list", detail: detail, remedy: "check that \(server.url) is an API server")
        case 410:
            return Failure(cause: "410, the list changed while it was read", detail: detail, remedy: "try again, or \(Kubeconfig.fileWay)")
        case 429: return Failure(cause: "429, the server is busy", detail: detail, remedy: "try again later, or \(Kubeconfig.fileWay)")
        default: return Failure(cause: "the server answers \(status)", detail: detail, remedy: "try again, or \(Kubeconfig.fileWay)")
        }
    }

    private func transferFailure(_ code: UInt32, _ detail: String) -> Failure {
        switch CurlFailure(code) {
        case .timeout: timeout
        case .certificate:
            Failure(cause: "the certificates do not fit: \(detail)", remedy: "check certificate-authority and client-certificate of \(server.origin)")
        case .connection: Failure(cause: detail, remedy: "check the server's address in \(server.origin), or \(Kubeconfig.fileWay)")
        case .other: Failure(cause: detail, remedy: "try again, or \(Kubeconfig.fileWay)")
        }
    }
}

/// Takes a body: the objects of a good answer, or the reason in another.
private final class Receiver {
    var reader = ObjectReader()
    private(set) var isBroken = false
    private var refusal: [UInt8] = []

    func receive(_ status: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard status == 200 else {
            if refusal.count < 65_536 { refusal += bytes }
            return true
        }
        do throws(ItemScanner.Failure) {
            try reader.feed(bytes)
            return true
        } catch {
            isBroken = true
            return false
        }
    }

    /// What the `Status` object of a refusal says.
    var message: String? {
        struct Status: Decodable { var message: String? }
        return (try? JSONDecoder().decode(Status.self, from: Data(refusal)))?.message
    }
}
