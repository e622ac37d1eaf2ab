import Foundation

/// What a process has used, as Linux counts it.
struct ProcessFigures: Sendable {
    /// Processor time, user and system, of all its threads; in steps of 10 ms.
    let processor: Duration
    /// What of it is in memory, in bytes.
    let residentBytes: Int

    /// Reads them; `nil` where there is no such process.
    init?(of id: Int32) {
        // The name, in parentheses, may have spaces; behind it, from the third field on, are numbers (proc(5)).
        guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            let fields = stat.split(separator: ")").last?.split(separator: " "), fields.count > 21,
            let user = Int(fields[11]), let system = Int(fields[12]), let pages = Int(fields[21])
        else { return nil }
        processor = .seconds(1) * (user + system) / sysconf(Int32(_SC_CLK_TCK))
        residentBytes = pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Those of this process.
    static var own: ProcessFigures? { ProcessFigures(of: ProcessInfo.processInfo.processIdentifier) }
}

/// What the server and this process use while something happens.
struct ProcessWatch {
    private let servers: [Int32]
    private let start = ContinuousClock.now
    private let own = ProcessFigures.own
    private let before: [ProcessFigures]

    init(_ servers: [Int32]) {
        self.servers = servers
        before = servers.compactMap { ProcessFigures(of: $0) }
    }

    /// How long it has been watched.
    var elapsed: Duration { ContinuousClock.now - start }

    /// Of the servers together.
    var server: (processor: Duration, residentBytes: Int)? {
        let now = servers.compactMap { ProcessFigures(of: $0) }
        guard !now.isEmpty, now.count == before.count else { return nil }
        return zip(before, now).reduce((.zero, 0)) { sum, pair in
            (sum.0 + pair.1.processor - pair.0.processor, sum.1 + pair.1.residentBytes - pair.0.residentBytes)
        }
    }

    /// Of this process.
    var client: Duration? { ProcessFigures.own.flatMap { now in own.map { now.processor - $0.processor } } }
}
