import Foundation

/// How many files and connections this process may have open.
enum OpenFiles {
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

    /// Raises the limit as far as it may be: five hundred streams have two thousand ends in this process.
    static func allowAll() {
        var limit = rlimit()
        // Where the limit can't be read or raised it stays: a run with many callers then says what is missing.
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
    }
}
