import Logging
import ParleyCore
import ParleyServer
import ParleyStore
import ServiceLifecycle
import Synchronization

extension Wiring {
    /// What deletes expired conversations for as long as the server runs.
    func expiry(of erasure: any ErasureStore) -> any Service {
        let job = ExpiryJob(erasure) { [logger] result in
            switch result {
            case .success(let count):
                logger.notice("Deleted expired conversations", metadata: ["count": "\(count)"])
            case .failure(let error):
                logger.warning("Could not delete expired conversations", metadata: ["error": "\(error)"])
            }
        }
        return Expiry(job: job)
    }

    /// Gives a short command what erases, also while servers run: they hear of it where a Redis is shared, and its cache
    /// forgets.
    func withErasure<Value: Sendable>(
        _ body: @escaping @Sendable (any ErasureStore) async throws -> Value
    ) async throws -> Value {
        try await openStoreBesideServer().use { opened in
            guard let place = settings.mirror else { return try await withErasure(opened, body) }
            return try await openBesideServer(place, isCopy: true).use { copy in
                let replicator = Replicator(from: opened.replica, to: copy.replica, isTruth: true, clock: clock)
                return try await withErasure(opened) {
                    try await body(MirrorErasureStore($0, copy: copy.erasure, by: replicator))
                }
            }
        }
    }

    private func withErasure<Value: Sendable>(
        _ opened: OpenedStore,
        _ body: @escaping @Sendable (any ErasureStore) async throws -> Value
    ) async throws -> Value {
        let shared = try sharing(opened, mirror: nil)
        let publishing = PublishingStore(shared.conversations, bus: shared.bus)
        let erasure = SettledErasure(opened.erasure, settling: shared.wrappers + [publishing])
        if shared.clients.isEmpty { return try await body(erasure) }
        let work = Work<Value> {
            // A cache that can't be reached would keep what is erased.
            do {
                try await withDeadline(.seconds(10)) { try await shared.connected() }
                try await shared.check?.check()
            } catch {
                throw ParleyError.unavailable("Redis could not be reached, and nothing was erased.", cause: error)
            }
            return try await body(erasure)
        }
        var configuration = ServiceGroupConfiguration(
            services: (shared.clients + [shared.streams]).map { .init(service: $0) }
                + [.init(service: work, successTerminationBehavior: .gracefullyShutdownGroup)],
            logger: logger
        )
        configuration.maximumGracefulShutdownDuration = Limits.shutdownTimeout
        try await ServiceGroup(configuration: configuration).run()
        return try work.value()
    }
}

/// Deletes what has expired for as long as the server runs.
private struct Expiry: Service {
    let job: ExpiryJob

    func run() async {
        await cancelWhenGracefulShutdown { await job.run() }
    }
}

/// A command's work among the services that it needs.
private final class Work<Value: Sendable>: Service {
    private let body: @Sendable () async throws -> Value
    private let result = Mutex<Result<Value, any Error>?>(nil)

    init(_ body: @escaping @Sendable () async throws -> Value) {
        self.body = body
    }

    func run() async {
        let outcome: Result<Value, any Error>
        do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
        result.withLock { $0 = outcome }
    }

    /// What came of it, once it has run.
    func value() throws -> Value {
        guard let result = result.withLock({ $0 }) else { throw CancellationError() }
        return try result.get()
    }
}
