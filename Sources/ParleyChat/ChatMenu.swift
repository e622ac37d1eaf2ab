public import ParleyCore
import Synchronization

/// Says what may be chosen for a turn: what the operator lists, or else what the model's server does.
///
/// The server is asked when somebody wants to know, by one call at a time for all, and its answer holds for
/// ``ParleyCore/Limits/modelListLifetime``. While it can't be had, what it said before holds; at first that is the default
/// model alone. It never fails, and takes no longer than ``ParleyCore/Limits/modelListTimeout``.
public final class ChatMenu: Sendable {
    private struct State {
        var models: [String] = []
        var goodUntil: Duration?
        var asking: Task<Void, Never>?
    }

    private let listed: ChatChoices
    private let catalog: (any ModelCatalog)?
    private let stopwatch: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let state = Mutex(State())

    /// Makes a menu.
    ///
    /// - Parameters:
    ///   - listed: What the operator lists.
    ///   - catalog: Who is asked for models where the operator lists none.
    ///   - stopwatch: What waiting is measured by.
    public init(
        _ listed: ChatChoices = ChatChoices(),
        catalog: (any ModelCatalog)? = nil,
        stopwatch: any Clock<Duration> = ContinuousClock()
    ) {
        self.listed = listed
        self.catalog = listed.models.isEmpty ? catalog : nil
        self.stopwatch = stopwatch
        elapsed = Self.timer(stopwatch)
    }

    /// What may be chosen now.
    public func choices() async -> ChatChoices {
        if let catalog { await call(catalog)?.value }
        var choices = listed
        if catalog != nil { choices.models = state.withLock(\.models) }
        if let model = choices.defaultModel, !choices.models.contains(model) { choices.models.insert(model, at: 0) }
        return choices
    }

    /// The call that is to be waited for; none where what is known still holds.
    private func call(_ catalog: any ModelCatalog) -> Task<Void, Never>? {
        state.withLock { state in
            if let goodUntil = state.goodUntil, elapsed() < goodUntil { return nil }
            if let asking = state.asking { return asking }
            // A task of its own: whoever asked first may leave while others wait.
            let asking = Task { await ask(catalog) }
            state.asking = asking
            return asking
        }
    }

    private func ask(_ catalog: any ModelCatalog) async {
        // Whatever went wrong, there is nothing to tell but what was known before.
        let models = try? await withDeadline(Limits.modelListTimeout, clock: stopwatch) { try await catalog.models() }
        let now = elapsed()
        state.withLock { state in
            state.asking = nil
            state.goodUntil = now + (models == nil ? Limits.modelListRetry : Limits.modelListLifetime)
            if let models { state.models = Array(models.prefix(Limits.modelChoices)) }
        }
    }

    private static func timer<C: Clock<Duration>>(_ clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }
}
