import Foundation
import NIOCore

/// Processor time, user and system, as Linux counts it.
enum ProcessorTime {
    // RUSAGE_SELF and RUSAGE_THREAD of getrusage(2), the second of which Swift is not shown.
    private static let process: __rusage_who_t = 0
    private static let thread: __rusage_who_t = 1

    /// What this process has used.
    static func ofProcess() -> Duration {
        time(of: process)
    }

    /// What an event loop's thread has used.
    static func ofThread(of eventLoop: any EventLoop) async throws -> Duration {
        try await eventLoop.submit { time(of: thread) }.get()
    }

    private static func time(of whom: __rusage_who_t) -> Duration {
        var usage = rusage()
        getrusage(whom, &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(.zero) { sum, time in
            sum + .seconds(time.tv_sec) + .microseconds(time.tv_usec)
        }
    }
}
