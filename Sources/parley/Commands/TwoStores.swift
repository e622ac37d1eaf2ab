import ArgumentParser
import Logging
import ParleyCore

/// The two stores that a command works with.
struct TwoStores: ParsableArguments {
    @Option(
        help: ArgumentHelp("The first store, written as the setting store; by default that one.", valueName: "store")
    )
    var from: String?

    @Option(help: ArgumentHelp("The second store; by default the setting mirror.", valueName: "store"))
    var to: String?

    func validate() throws {
        for (name, text) in [("from", from), ("to", to)] {
            guard let text else { continue }
            guard let place = StorePlace(text) else { throw ValidationError("--\(name) is no store: \(text)") }
            if let flaw = place.flaw { throw ValidationError("--\(name) is no URL that libpq takes: \(flaw).") }
        }
    }

    /// Opens both, also beside a server, for as long as `body` runs.
    func open<Value: Sendable>(
        _ options: SettingOptions,
        _ body: @Sendable (_ first: any ReplicaStore, _ second: any ReplicaStore) async throws -> Value
    ) async throws -> Value {
        let settings = try await options.settings()
        let first = from.flatMap(StorePlace.init) ?? settings.store
        guard let second = to.flatMap(StorePlace.init) ?? settings.mirror else {
            throw InvalidSettings(problems: [SettingProblem(key: "mirror", reason: "must be set, or --to given.")])
        }
        guard first != second else {
            let problem = SettingProblem(key: "mirror", reason: "must be another store than the first.")
            throw InvalidSettings(problems: [problem])
        }
        let wiring = Wiring(settings: settings, logger: Logger(label: "parley"))
        return try await wiring.openBesideServer(first, isCopy: true).use { source in
            try await wiring.openBesideServer(second, isCopy: true).use { target in
                try await body(source.replica, target.replica)
            }
        }
    }
}
