import Foundation
import Testing

/// A kind of store that a server is switched to and from.
enum SwitchPlace: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case sqlite, postgres, redis

    var testDescription: String { rawValue }

    /// Gives `body` a fresh store's name, as the setting `store` takes it.
    func with<Result>(
        in home: ParleyHome,
        called name: String,
        _ body: (String) async throws -> Result
    ) async throws -> Result {
        switch self {
        case .sqlite: return try await body("sqlite:" + home.path(name + ".db"))
        case .postgres:
            let server = try await FaultPostgres.start(in: home.directory)
            return try await body(server.url())
        case .redis:
            let server = try await FaultRedis.start(keepingIn: home.path(name))
            return try await body("redis://127.0.0.1:\(server.port)/0")
        }
    }
}

/// A way from one store to another.
struct SwitchPair: Sendable, CustomTestStringConvertible {
    let from: SwitchPlace
    let to: SwitchPlace

    var testDescription: String { "\(from) to \(to)" }

    /// Every ordered pair.
    static let all = SwitchPlace.allCases.flatMap { from in
        SwitchPlace.allCases.filter { $0 != from }.map { SwitchPair(from: from, to: $0) }
    }
}
