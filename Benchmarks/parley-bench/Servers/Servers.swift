import AsyncHTTPClient
import Hummingbird
import Logging
import ParleyCore
import ParleyOpenAI
import ParleySQLite
import ParleyUpstream
import ServiceLifecycle

/// The servers that are measured: Parley over a real SQLite file, the bare routes, and the model's server that Parley asks.
enum Servers {
    /// Runs both on ports of the system's choice, lets `body` load them, and ends them, also on failure.
    static func run(
        callers: Int,
        database: String,
        metrics: Bool = true,
        logger: Logger,
        _ body: (Targets) async throws -> Void
    ) async throws {
        let ids = UUIDv7Maker()
        let store = try await SQLiteStore.open(path: database, ids: ids, logger: logger)
        let client = HTTPClient(configuration: OpenAIProvider.clientConfiguration)
        do {
            try await Upstream.run { upstream in
                let provider = OpenAIProvider(
                    client: client,
                    settings: OpenAISettings(url: upstream.url),
                    logger: logger
                )
                let parley = try ParleyUnderTest(
                    over: Foundations(store),
                    provider: provider,
                    ids: ids,
                    metrics: metrics,
                    logger: logger
                )
                try await run(parley, callers: callers, upstream, logger, body)
            }
        } catch {
            try await client.shutdown()
            try await store.close()
            throw error
        }
        try await client.shutdown()
        try await store.close()
    }

    private static func run(
        _ parley: ParleyUnderTest,
        callers: Int,
        _ upstream: Upstream,
        _ logger: Logger,
        _ body: (Targets) async throws -> Void
    ) async throws {
        let people = try await parley.people(callers)
        try await running(parley.services, logger) { port in
            let requests = RequestTexts(people: people)
            let samples = try await Samples.fetch(requests, from: port)
            try await running({ [BareServer(samples: samples).service(onRunning: $0)] }, logger) { barePort in
                let targets = Targets(
                    parleyPort: port,
                    barePort: barePort,
                    upstreamPort: upstream.port,
                    requests: requests
                )
                try await body(targets)
            }
        }
    }

    /// Runs services, one of which tells the port it listens on, while `body` runs.
    static func running(
        _ services: (@escaping @Sendable (Int) async -> Void) -> [any Service],
        _ logger: Logger,
        _ body: (Int) async throws -> Void
    ) async throws {
        let (ports, port) = AsyncStream<Int>.makeStream()
        let group = ServiceGroup(services: services { port.yield($0) }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                // A server that can't start never tells a port.
                defer { port.finish() }
                try await group.run()
            }
            for await port in ports {
                try await body(port)
                await group.triggerGracefulShutdown()
            }
            try await tasks.waitForAll()
        }
    }
}
