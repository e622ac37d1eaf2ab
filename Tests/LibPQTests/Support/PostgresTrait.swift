import Testing

/// Gives all tests of a suite one server.
struct PostgresTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await ThrowawayPostgres.with { server in
            try await ThrowawayPostgres.$shared.withValue(server, operation: function)
        }
    }
}

extension Trait where Self == PostgresTrait {
    /// One server for all tests of the suite.
    static var postgres: Self { PostgresTrait() }
}

/// What needs a real server.
@Suite(.postgres, .timeLimit(.minutes(15))) enum LibPQServerTests {}
