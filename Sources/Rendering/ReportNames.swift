public import KernelState
internal import Synchronization

/// The cluster's names for a report. They are waited for when the first record is written, so that getting them goes on while
/// the tables are read.
public final class ReportNames: Sendable {
    private enum State {
        case awaited(@Sendable () -> ClusterNames)
        case known(ClusterNames)
    }

    private let state: Mutex<State>

    /// - Parameter load: waits for the names, and says what is missing of them; called once.
    public init(_ load: @escaping @Sendable () -> ClusterNames) { state = Mutex(.awaited(load)) }

    /// Waits for the names now: for whoever cannot be interrupted later.
    public func load() { look { _ in } }

    /// Looks something up.
    public func look<Found: Sendable>(_ body: (borrowing ClusterNames) -> Found) -> Found {
        state.withLock { state in
            switch state {
            case .known(let names): return body(names)
            case .awaited(let load):
                let names = load()
                state = .known(names)
                return body(names)
            }
        }
    }

    /// `namespace/service:port` of what a client asked.
    func service(_ connection: Connection) -> String? {
        guard let service = connection.service else { return nil }
        return look { $0.service(connection.transport, service)?.description }
    }

    func backend(_ connection: Connection) -> AddressName {
        look { names in AddressName(names.pod(connection.transport, connection.backend)) }
    }

    func client(_ connection: Connection) -> AddressName {
        look { names in AddressName(names.pod(at: connection.client.address)) }
    }
}
