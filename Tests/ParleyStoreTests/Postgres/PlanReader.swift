import Foundation
import Testing

/// The plans that a server has followed, as `auto_explain` writes them to its log.
struct PlanReader {
    /// One step of a plan.
    struct Step {
        let kind: String
        let table: String?
        let index: String?
        /// How many rows it has looked at, those that it threw away included.
        let rows: Int
    }

    /// What makes a database's connections log their plans.
    static func settings(of database: String) -> [String] {
        [
            "session_preload_libraries = 'auto_explain'", "auto_explain.log_min_duration = 0",
            "auto_explain.log_analyze = on", "auto_explain.log_timing = off", "auto_explain.log_format = 'json'",
            "auto_explain.log_verbose = off",
        ]
        .map { "ALTER DATABASE \(database) SET \($0)" }
    }

    private let log: URL
    private var offset: UInt64

    /// Begins where the log ends now.
    init(log: URL) throws {
        self.log = log
        offset = try FileHandle(forReadingFrom: log).seekToEnd()
    }

    /// The plans since the last time, each with its steps that have read a table.
    mutating func next() throws -> [[Step]] {
        let handle = try FileHandle(forReadingFrom: log)
        try handle.seek(toOffset: offset)
        let data = try handle.readToEnd() ?? Data()
        offset += UInt64(data.count)
        return try Self.plans(in: String(decoding: data, as: UTF8.self))
            .map { text in
                let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
                let object = try #require(value as? [String: Any])
                return Self.steps(of: try #require(object["Plan"] as? [String: Any]))
            }
    }

    /// The JSON texts behind the lines that announce them: their lines are indented by a tab.
    private static func plans(in log: String) -> [String] {
        var plans: [String] = []
        var isInPlan = false
        for line in log.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasSuffix("plan:") {
                plans.append("")
                isInPlan = true
            } else if isInPlan, line.hasPrefix("\t") {
                plans[plans.count - 1] += line.dropFirst() + "\n"
            } else {
                isInPlan = false
            }
        }
        return plans
    }

    private static func steps(of plan: [String: Any]) -> [Step] {
        func count(_ key: String) -> Int { Int((plan[key] as? NSNumber)?.doubleValue ?? 0) }
        let kind = plan["Node Type"] as? String ?? ""
        let thrownAway = ["Filter", "Index Recheck", "Join Filter"].reduce(0) { $0 + count("Rows Removed by \($1)") }
        let step = Step(
            kind: kind,
            table: plan["Relation Name"] as? String,
            index: plan["Index Name"] as? String,
            rows: (count("Actual Rows") + thrownAway) * count("Actual Loops")
        )
        let below = (plan["Plans"] as? [[String: Any]] ?? []).flatMap(steps)
        let isRead = kind.hasSuffix("Scan") && (step.table != nil || step.index != nil) && count("Actual Loops") > 0
        return (isRead ? [step] : []) + below
    }
}
