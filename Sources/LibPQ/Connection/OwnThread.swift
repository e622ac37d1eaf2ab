internal import CLibPQ
internal import Glibc

/// A thread of the system's, for what would block the threads that tasks share.
enum OwnThread {
    private final class Work {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// Starts a thread that ends with the body.
    ///
    /// - Throws: A `PostgresError` where the system has none left.
    static func start(_ body: @escaping @Sendable () -> Void) throws(PostgresError) {
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
                clibpq_name_thread("libpq")
                work.body()
                return nil
            },
            work.toOpaque()
        )
        guard status == 0 else {
            work.release()
            throw PostgresError(.unreachable, "no thread is left")
        }
        pthread_detach(thread)
    }
}
