import KernelState

/// Names that are got while the kernel's tables are read: begun at once, waited for no longer than was allowed.
public final class KubeRequest: Sendable {
    private struct State: Sendable {
        var builder = NameBuilder()
        var pending: Set<APIKind>
        var failures: [APIKind: APIListing.Failure] = [:]
    }
    private enum Source: Sendable {
        case server(APIServer, Mailbox<State>, deadline: MonotonicTime, seconds: Double)
        case file(Mailbox<ClusterAnswer?>)
        case nothing(KernelStateError)
    }
    private let source: Source

    /// Asks the cluster that this process belongs to: by its pod's service account, else by the usual kubeconfig.
    ///
    /// Call it before any thread of the process enters another network namespace: the API server is reached from where it is called.
    ///
    /// - Parameter timeout: seconds, after which what has come must do.
    public static func start(timeout: Double) -> KubeRequest {
        start(.ofProcess, timeout: timeout)
    }

    /// Reads a file, which takes as long as it takes.
    ///
    /// - Parameters:
    ///   - path: of the file.
    ///   - progress: called now and then, on another thread.
    public static func start(file path: String, progress: @escaping @Sendable (ClusterFile.Progress) -> Void = { _ in }) -> KubeRequest {
        let mailbox = Mailbox<ClusterAnswer?>(nil)
        let read: @Sendable () -> Void = {
            let answer = ClusterFile(path: path).read(progress: progress)
            mailbox.change { $0 = answer }
        }
        if !DetachedThread.start(read) { read() }
        return KubeRequest(source: .file(mailbox))
    }

    static func start(_ environment: Environment, timeout: Double) -> KubeRequest {
        do throws(KernelStateError) {
            return KubeRequest(try server(environment), timeout: timeout)
        } catch {
            return KubeRequest(source: .nothing(error))
        }
    }

    private init(source: Source) {
        self.source = source
    }

    convenience init(_ server: APIServer, timeout: Double) {
        let mailbox = Mailbox(State(pending: Set(APIKind.allCases)))
        let deadline = MonotonicTime.now.advanced(by: timeout)
        // The requests give up a little earlier, so that what they have got is handed over in time.
        let limit = MonotonicTime.now.advanced(by: timeout * 0.95)
        for kind in APIKind.allCases {
            let hasStarted = DetachedThread.start {
                KubeRequest.list(APIListing(kind: kind, server: server, deadline: limit), into: mailbox)
            }
            if hasStarted { continue }
            mailbox.change {
                $0.pending.remove(kind)
                $0.failures[kind] = APIListing.Failure(cause: "the system has no thread to give", remedy: "try again")
            }
        }
        self.init(source: .server(server, mailbox, deadline: deadline, seconds: timeout))
    }

    private static func list(_ listing: APIListing, into mailbox: Mailbox<State>) {
        do throws(APIListing.Failure) {
            try listing.run { page in mailbox.change { $0.builder.add(page) } }
            mailbox.change { $0.pending.remove(listing.kind) }
        } catch {
            mailbox.change {
                $0.pending.remove(listing.kind)
                $0.failures[listing.kind] = error
            }
        }
    }

    /// All that was asked for, or what has come of it when an API server has had its time.
    public func wait() -> ClusterAnswer {
        switch source {
        case .server(let server, let mailbox, let deadline, let seconds):
            return KubeRequest.answer(mailbox.wait(until: deadline) { $0.pending.isEmpty }, server, seconds)
        case .file(let mailbox):
            guard let answer = mailbox.wait(until: nil, isReady: { $0 != nil }) else { preconditionFailure("a wait without a deadline gave up") }
            return answer
        case .nothing(let problem): return ClusterAnswer(problem: problem)
        }
    }

    private static func answer(_ state: State, _ server: APIServer, _ seconds: Double) -> ClusterAnswer {
        var failures = state.failures
        for kind in state.pending {
            failures[kind] = APIListing.Failure(
                cause: "no whole answer within \(text(of: seconds)) s", remedy: "give it longer with --kube-timeout, or \(Kubeconfig.fileWay)")
        }
        return ClusterAnswer(state.builder, problems: problems(failures, server))
    }

    /// One sentence for each cause, with all kinds that it has struck.
    private static func problems(_ failures: [APIKind: APIListing.Failure], _ server: APIServer) -> [String] {
        var problems: [(failure: APIListing.Failure, kinds: [APIKind])] = []
        for kind in APIKind.allCases {
            guard let failure = failures[kind] else { continue }
            let same = problems.firstIndex { $0.failure.cause == failure.cause && $0.failure.remedy == failure.remedy }
            if let index = same {
                problems[index].kinds.append(kind)
            } else {
                problems.append((failure, [kind]))
            }
        }
        return problems.map { problem in
            let kinds = problem.kinds.map(\.rawValue).joined(separator: ", ")
            let detail = problem.failure.detail.isEmpty ? "" : " (\(problem.failure.detail))"
            return KernelStateError(
                operation: "reading \(kinds) from \(server.url)", cause: problem.failure.cause + detail, remedy: problem.failure.remedy
            ).description
        }
    }

    private static func text(of seconds: Double) -> String {
        seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
    }

    private static func server(_ environment: Environment) throws(KernelStateError) -> APIServer {
        if let server = try ServiceAccount.server(environment) { return server }
        if let server = try Kubeconfig.server(environment) { return server }
        let looked = environment["KUBECONFIG"].map { "no file of KUBECONFIG=\($0)" } ?? "no ~/.kube/config"
        throw KernelStateError(
            operation: "looking for the cluster", cause: "there is no service account and \(looked)",
            remedy: "set KUBECONFIG (to /etc/kubernetes/admin.conf on many control-plane nodes), or \(Kubeconfig.fileWay)")
    }
}
