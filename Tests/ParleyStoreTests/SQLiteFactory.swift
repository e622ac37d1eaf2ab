import Foundation
import Logging
import ParleyCore
import ParleySQLite
import ParleyTesting

extension StoreFactory {
    static let sqlite = StoreFactory(name: "SQLiteStore") { clock, ids in
        let directory = try TemporaryDirectory()
        let store = try await SQLiteStore.open(
            path: directory.path("store.db"),
            clock: clock,
            ids: ids,
            logger: .quiet
        )
        return Product(store: store, accounts: store, queryLog: store, usage: store) {
            try await store.close()
            try directory.remove()
        }
    }
}

/// A directory for one test.
struct TemporaryDirectory: Sendable {
    private let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "parley-test-\(UUID().uuidString.lowercased())")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    }

    func path(_ name: String) -> String { url.appending(path: name).path }

    func remove() throws {
        try FileManager.default.removeItem(at: url)
    }

    /// Gives `body` a directory, which is removed also when `body` throws.
    static func with(_ body: (TemporaryDirectory) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        do {
            try await body(directory)
        } catch {
            try directory.remove()
            throw error
        }
        try directory.remove()
    }
}

/// A SQLite file for one test, which can be closed and opened again.
struct SQLiteFile: Sendable {
    let path: String
    let clock = ManualClock(tick: .milliseconds(1))
    private let ids = SequentialIDs(series: 1)

    func open() async throws -> SQLiteStore {
        try await SQLiteStore.open(path: path, clock: clock, ids: ids, logger: .quiet)
    }

    /// Opens the file for the time of `body`.
    func withStore(_ body: (SQLiteStore, StoreUnderTest) async throws -> Void) async throws {
        let store = try await open()
        let product = StoreFactory.Product(store: store, accounts: store, queryLog: store, usage: store) {}
        do {
            try await body(store, StoreUnderTest(product, clock: clock))
        } catch {
            try await store.close()
            throw error
        }
        try await store.close()
    }

    /// Gives `body` a file that is not there yet.
    static func with(_ body: (SQLiteFile) async throws -> Void) async throws {
        try await TemporaryDirectory.with { directory in
            try await body(SQLiteFile(path: directory.path("store.db")))
        }
    }
}

extension Logger {
    /// Faults are what many tests are about: they need not be told.
    static var quiet: Logger {
        Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
    }
}
