import Foundation
import Logging
import NIOCore
import ParleyCore
import ParleyPostgres
import ParleyRedis

/// Measures Parley over PostgreSQL and Redis.
struct ProductionBenchmark {
    let comparison: Comparison
    let services: ThrowAwayServices
    let stack: ProductionStack
    let data: ProductionData
    let pgbench: Pgbench
    /// The last two, who append nothing: one with long lists, one with short ones.
    let rich: Person
    let poor: Person

    /// How many texts pgbench appends, as many as a caller of Parley has.
    private static let plainTexts = 16
    /// How many clients pgbench has at most: with more it is busy connecting for most of a round.
    private static let plainClients = 64

    /// Starts everything, measures, and ends everything.
    static func run(
        _ subjects: [Subject],
        callers: [Int],
        comparison: Comparison,
        directory: URL,
        metrics: Bool,
        logger: Logger,
        _ report: (Figure) -> Void
    ) async throws {
        guard !subjects.isEmpty else { return }
        try await ThrowAwayServices.run(in: directory) { services in
            let people = (callers.max() ?? 1) + 2
            try await ProductionStack.run(services, callers: people, metrics: metrics, logger: logger) { stack in
                let data = ProductionData(url: services.postgresURL, people: stack.people)
                try await data.makeLogTable()
                let benchmark = ProductionBenchmark(
                    comparison: comparison,
                    services: services,
                    stack: stack,
                    data: data,
                    pgbench: Pgbench(url: services.postgresURL, directory: directory),
                    rich: stack.people[people - 2],
                    poor: stack.people[people - 1]
                )
                for subject in subjects { try await benchmark.run(subject, callers, report) }
            }
        }
    }

    private func run(_ subject: Subject, _ callers: [Int], _ report: (Figure) -> Void) async throws {
        switch subject {
        case .productionAppends: try await appends(callers, report)
        case .productionParts: for callers in callers { try await parts(callers, report) }
        case .productionHot: for callers in callers { try await hot(callers, report) }
        case .productionHistory: try await history(callers, report)
        case .productionLists: try await lists(callers, report)
        case .redis: for callers in callers { try await redis(callers, report) }
        default: break
        }
    }

    /// Appends over HTTP beside the best that pgbench does by one append in a transaction.
    private func appends(_ callers: [Int], _ report: (Figure) -> Void) async throws {
        let scripts = try data.appendScripts(await data.texts(Self.plainTexts)).enumerated()
            .map { try pgbench.script("append-\($0.offset)", $0.element) }
        var best = (callers: 1, rate: 0.0)
        for clients in [1, 16, 64].filter({ $0 <= stack.people.count }) {
            let rate = try await pgbench.run(scripts, callers: clients, for: comparison.duration).perSecond
            if rate > best.rate { best = (clients, rate) }
        }
        let clients = best.callers
        print("pgbench is best with \(clients) clients")
        for callers in callers {
            report(
                try await measure("append.\(callers)", "appends/s", stack.cached.parley(.appends, callers: callers)) {
                    try await pgbench.run(scripts, callers: clients, for: $0)
                }
            )
        }
    }

    /// What an append takes without HTTP, of each store around the one before; beside a bare route that reads its body.
    private func parts(_ callers: Int, _ report: (Figure) -> Void) async throws {
        let bare = stack.cached.bare(.appends, callers: callers)
        let stores: [(String, any ConversationStore)] = [
            ("truth", stack.truth), ("cache", stack.cache), ("bus", stack.outermost),
        ]
        let people = stack.people
        let inputs = (0..<64).map { NewMessage(role: .user, content: SampleText.message($0)) }
        for (name, store) in stores {
            let figure = try await direct("\(name).\(callers)", "appends/s", callers: callers, beside: bare) {
                caller,
                number in
                _ = try await store.appendMessages(
                    [inputs[(caller + number) % inputs.count]],
                    to: people[caller].log,
                    expectedRevision: nil,
                    as: people[caller].identity
                )
            }
            report(figure)
        }
        let limiter = stack.limiter
        // One whose budget is never empty.
        let limit = RateLimit(name: "bench", 1_000_000, per: .seconds(1), burst: 1_000_000)
        report(
            try await direct("limit.\(callers)", "takes/s", callers: callers, beside: bare) { caller, _ in
                _ = await limiter.take(people[caller].identity.email.value, from: limit)
            }
        )
        report(
            try await measure("http.\(callers)", "appends/s", stack.cached.parley(.appends, callers: callers)) {
                try await comparison.generator.run(bare, for: $0)
            }
        )
    }

    /// The last 15 from the cache, and beside them the same without a cache and without copies in this process.
    private func hot(_ callers: Int, _ report: (Figure) -> Void) async throws {
        let bare = stack.cached.bare(.hot, callers: callers)
        let hot = stack.cached.parley(.hot, callers: callers)
        report(
            try await measure("hot.\(callers)", "reads/s", hot) { try await comparison.generator.run(bare, for: $0) }
        )
        report(
            try await measure("shared.\(callers)", "reads/s", stack.shared.parley(.hot, callers: callers)) {
                try await comparison.generator.run(bare, for: $0)
            }
        )
        let plain = stack.plain.parley(.hot, callers: callers)
        report(
            try await measure("uncached.\(callers)", "reads/s", hot) {
                try await comparison.generator.run(plain, for: $0)
            }
        )
    }

    /// The last 50 from PostgreSQL, beside the same statement by pgbench.
    private func history(_ callers: [Int], _ report: (Figure) -> Void) async throws {
        let statement = LogStatement.before
            .replacing("$1", with: ":id::uuid").replacing("$2", with: ":email")
            .replacing("$3", with: "\(Int64.max)").replacing("$4", with: "51")
        let script = try pgbench.script("history", statement.split(separator: "\n").joined(separator: " ") + ";")
        let person = stack.people[0]
        for callers in callers {
            let target = stack.cached.parley(.reads, callers: callers)
            report(
                try await measure("history.\(callers)", "reads/s", target) {
                    try await pgbench.run(
                        [script],
                        callers: min(callers, Self.plainClients),
                        for: $0,
                        variables: ["id": person.history.description, "email": person.identity.email.value]
                    )
                }
            )
        }
    }

    /// Long lists and logs beside short ones.
    private func lists(_ callers: [Int], _ report: (Figure) -> Void) async throws {
        try await data.fill(rich, with: ProductionData.long)
        try await data.fill(poor, with: ProductionData.short)
        for callers in callers {
            for (name, path) in [
                ("list", { (_: Person) in "/api/conversations?limit=50" }),
                ("long", { (person: Person) in "/api/conversations/\(person.log)/messages?limit=50" }),
            ] {
                func target(_ person: Person) -> LoadTarget {
                    let request = RequestTexts.get(path(person), person.token)
                    return LoadTarget(
                        port: stack.cached.parleyPort,
                        requests: Array(repeating: [request], count: callers)
                    )
                }
                let poor = target(poor)
                report(
                    try await measure("\(name).\(callers)", "reads/s", target(rich)) {
                        try await comparison.generator.run(poor, for: $0)
                    }
                )
            }
        }
    }

    func measure(
        _ name: String,
        _ unit: String,
        _ target: LoadTarget,
        beside bare: (Duration) async throws -> LoadResult
    ) async throws -> Figure {
        try await comparison.measure(
            name: name,
            unit: unit,
            parley: { duration in
                try await services.counting { try await comparison.generator.run(target, for: duration) }
            },
            bare: { duration in try await services.counting { try await bare(duration) } }
        )
    }

    func direct(
        _ name: String,
        _ unit: String,
        callers: Int,
        beside bare: LoadTarget,
        _ body: @escaping @Sendable (Int, Int) async throws -> Void
    ) async throws -> Figure {
        try await comparison.measure(
            name: name,
            unit: unit,
            parley: { duration in
                try await services.counting { try await DirectLoad.run(callers: callers, for: duration, body) }
            },
            bare: { try await comparison.generator.run(bare, for: $0) }
        )
    }
}
