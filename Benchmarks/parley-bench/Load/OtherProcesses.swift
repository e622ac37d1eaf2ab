import Foundation

extension ProcessorTime {
    /// What a process and those that it has started have used, also those that have ended; in steps of 10 ms for each.
    static func ofFamily(of id: Int32) -> Duration {
        let children = text("/proc/\(id)/task/\(id)/children").split(separator: " ").compactMap { Int32($0) }
        return children.reduce(of(id, withEnded: true)) { $0 + of($1, withEnded: false) }
    }

    private static func of(_ id: Int32, withEnded: Bool) -> Duration {
        // The name, in parentheses, may have spaces; behind it, from the third field on, are numbers.
        let fields = text("/proc/\(id)/stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 14 else { return .zero }
        let ticks = fields[11...(withEnded ? 14 : 12)].reduce(0) { $0 + (Int($1) ?? 0) }
        return .seconds(1) * ticks / sysconf(Int32(_SC_CLK_TCK))
    }

    private static func text(_ path: String) -> String {
        // One that has just ended has used what its parent tells.
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}
