import Foundation
import Testing

@Suite("parley migrate", .timeLimit(.minutes(15)))
struct MigrateCommandTests {
    @Test("It makes a database that isn't there, and leaves one alone that is up to date, also under a running server")
    func database() async throws {
        try await ParleyHome.with { home in
            let made = try await home.run("migrate", "--store", "sqlite:other.db")
            #expect(made.ending == .exit(0))
            #expect(made.output == "The schema is up to date.\n")
            #expect(FileManager.default.fileExists(atPath: home.path("other.db")))
            #expect(!FileManager.default.fileExists(atPath: home.path("other.db.secret")))
            try await RunningServer.with(in: home) { _ in
                let again = try await home.run("migrate")
                #expect(again.ending == .exit(0))
                #expect(again.errors == "")
            }
        }
    }

    @Test("A store that can't be had ends it with status 69")
    func unavailable() async throws {
        try await ParleyHome.with { home in
            let result = try await home.run("migrate", "--store", "sqlite:none/parley.db")
            #expect(result.ending == .exit(69))
            #expect(result.output == "")
            #expect(result.complaints.count == 1)
        }
    }
}
