import Logging
import ParleyCore
import Synchronization

/// Keeps ``TrustedKeys`` as a provider publishes them.
///
/// A provider that is down, slow or answers with something else changes nothing for 24 hours; then its keys go.
final class PublishedKeySet: Sendable {
    private struct State {
        var schedule = FetchSchedule()
        var watch: KeySetWatch
    }

    private let fetcher: any KeySetFetcher
    private let secrets: [HMACSecret]
    private let keys: TrustedKeys
    private let stopwatch: any Clock<Duration>
    private let elapsed: @Sendable () -> Duration
    private let logger: Logger
    private let state: Mutex<State>

    init(
        fetcher: any KeySetFetcher,
        secrets: [HMACSecret],
        keys: TrustedKeys,
        stopwatch: any Clock<Duration>,
        logger: Logger
    ) {
        self.fetcher = fetcher
        self.secrets = secrets
        self.keys = keys
        self.stopwatch = stopwatch
        elapsed = Self.measure(stopwatch)
        self.logger = logger
        state = Mutex(State(watch: KeySetWatch(secrets: secrets)))
    }

    private static func measure<C: Clock<Duration>>(_ clock: C) -> @Sendable () -> Duration {
        let start = clock.now
        return { start.duration(to: clock.now) }
    }

    /// Fetches where it is time to, within ``Limits/keySetTimeout``; says whether other keys hold now.
    ///
    /// Who comes while somebody else fetches doesn't wait.
    func refresh(_ occasion: FetchSchedule.Occasion) async -> Bool {
        guard state.withLock({ $0.schedule.begin(occasion, at: elapsed()) }) else { return false }
        let outcome = await fetch()
        guard !Task.isCancelled else {
            // Who asked has left: nothing to complain of, and the schedule says when the next one may fetch.
            state.withLock { $0.schedule.end(broughtKeys: false) }
            return false
        }
        let (finding, isExpired) = state.withLock { state in
            let finding = state.watch.see(outcome)
            state.schedule.end(broughtKeys: state.watch.isSound)
            let isExpired = state.schedule.expire(at: elapsed())
            if isExpired { state.watch = KeySetWatch(secrets: secrets) }
            return (finding, isExpired)
        }
        keys.take(finding, logger)
        if isExpired { dropKeys() }
        if case .keys = finding { return true }
        return false
    }

    private func fetch() async -> Result<[UInt8], ParleyError> {
        do {
            return .success(
                try await withDeadline(Limits.keySetTimeout, clock: stopwatch) { [fetcher] in try await fetcher.fetch()
                }
            )
        } catch let error as ParleyError {
            return .failure(error)
        } catch is DeadlineExceeded {
            return .failure(.invalid("jwt.jwks", "The key set did not come within \(Limits.keySetTimeout)."))
        } catch {
            return .failure(.invalid("jwt.jwks", "The key set can't be fetched: \(error)."))
        }
    }

    private func dropKeys() {
        do {
            keys.replace(with: try KeyRing(secrets))
            logger.error("The key set's keys are too old and hold no longer")
        } catch {
            // The secrets alone have made a ring before.
            logger.critical("The key set's keys can't be dropped", metadata: ["reason": "\(error.message)"])
        }
    }
}

extension TrustedKeys {
    /// Does what a look at a key set asks for.
    func take(_ finding: KeySetWatch.Finding, _ logger: Logger) {
        switch finding {
        case .nothingNew: break
        case .keys(let ring):
            replace(with: ring)
            logger.notice("The key set has changed")
        case .refusal(let error):
            logger.warning("The key set's former keys stay", metadata: ["reason": "\(error.message)"])
        }
    }
}
