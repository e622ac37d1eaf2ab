import Foundation
import Logging
import ParleyCore
import ParleyPostgres
import ParleyStore
import ParleyTesting

/// The truth behind two instances' caches.
enum CacheTruth: String, CaseIterable, Sendable {
    case memory
    case postgres

    struct Failure: Error {}

    private static let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "scripts/postgres").path

    /// Gives `body` the truth as each of two instances has it.
    func with(_ body: ([any VersionedStore]) async throws -> Void) async throws {
        switch self {
        case .memory:
            let truth = VersionedMemoryStore()
            try await body([truth, truth])
        case .postgres:
            try await Self.withPostgres { url in
                var settings = PostgresStoreSettings(url: url)
                // Nobody is refused because the machine is busy.
                settings.statementTimeout = .seconds(240)
                settings.acquireTimeout = .seconds(240)
                var stores: [PostgresStore] = []
                for _ in 0..<2 {
                    stores.append(
                        try await PostgresStore.open(
                            settings,
                            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                        )
                    )
                }
                try await Self.running(stores) { try await body(stores) }
            }
        }
    }

    private static func withPostgres(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory
            .appending(path: "parley-cache-\(UUID().uuidString.lowercased())").path
        let keeper = try await FewAtATime.servers.run {
            let keeper = try StartedProgram(script, ["hold", directory])
            _ = await keeper.firstLine()
            return keeper
        }
        let url = await keeper.firstLine()
        guard url.hasPrefix("postgres://") else { throw Failure() }
        let result: Result<Void, any Error>
        do { result = .success(try await body(url + "?sslmode=disable")) } catch { result = .failure(error) }
        keeper.closeInput()
        _ = await keeper.ending()
        try result.get()
    }

    private static func running(_ stores: [PostgresStore], _ body: () async throws -> Void) async throws {
        async let run: Void = withTaskGroup { group in
            for store in stores { group.addTask { await store.run() } }
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        for store in stores { store.close() }
        await run
        try result.get()
    }
}
