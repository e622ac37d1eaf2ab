public import Logging
public import NIOPosix
public import ParleyCore

/// The gate for bearer tokens: says who a token speaks for, or that it can't be believed.
///
/// Everything that jwt-kit leaves open is closed before and after it; it only checks the signature. Nothing in a token
/// can stop the process, choose an algorithm, or bring a key.
public struct TokenVerifier: Sendable {
    private let settings: TokenSettings
    private let clock: any WallClock
    private let stopwatch: any Clock<Duration>
    private let keys: TrustedKeys
    private let file: (file: KeySetFile, watch: KeySetWatch)?
    private let published: PublishedKeySet?
    private let logger: Logger

    /// Makes a gate, and reads the key set where it is a file.
    ///
    /// Unusable keys are ``ParleyError/Code/invalidRequest``, naming the key of configuration to blame. Tokens live by
    /// `clock`; waiting for key sets is measured by `stopwatch`.
    public init(
        settings: TokenSettings,
        clock: any WallClock = SystemClock(),
        logger: Logger = Logger(label: "parley.auth"),
        stopwatch: any Clock<Duration> = ContinuousClock()
    ) throws(ParleyError) {
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.stopwatch = stopwatch
        switch settings.keySet {
        case nil:
            guard !settings.keys.isEmpty else {
                throw .invalid("jwt.secret", "There is no key to check tokens with.")
            }
            keys = TrustedKeys(try KeyRing(settings.keys))
            (file, published) = (nil, nil)
        case .file(let path):
            let file = KeySetFile(path: path)
            let content = try file.read()
            keys = TrustedKeys(try KeyRing(settings.keys, keySet: content))
            self.file = (file, KeySetWatch(secrets: settings.keys, content: content))
            published = nil
        case .published(let fetcher):
            keys = TrustedKeys(try KeyRing(settings.keys))
            file = nil
            published = PublishedKeySet(
                fetcher: fetcher,
                secrets: settings.keys,
                keys: keys,
                stopwatch: stopwatch,
                logger: logger
            )
        }
    }

    /// Looks at the key set again and again, until the task is cancelled; returns at once where there is none.
    ///
    /// Other keys hold at once for every copy of this gate, and tokens that were believed before are looked at afresh. A
    /// key set that can't be used changes nothing, and is complained of once. A file is read on a thread of `pool`; one
    /// that is published is fetched at once, then every hour, and when a token names a key that is not in it. To be run
    /// once.
    public func followKeySet(on pool: NIOThreadPool) async {
        do {
            if let (file, start) = file {
                try await follow(file, from: start, on: pool)
            } else if let published {
                while true {
                    _ = await published.refresh(.time)
                    try await stopwatch.sleep(for: Limits.keySetRecheck)
                }
            }
        } catch {
            // Cancelled, or the pool has ended: so does the watch.
        }
    }

    private func follow(_ file: KeySetFile, from start: KeySetWatch, on pool: NIOThreadPool) async throws {
        var watch = start
        while true {
            try await stopwatch.sleep(for: Limits.keySetRecheck)
            let outcome = try await pool.runIfActive { Result { () throws(ParleyError) in try file.read() } }
            keys.take(watch.see(outcome), logger)
        }
    }

    /// Looks at every token afresh that comes from now on: for whoever takes a person's standing away.
    public func forgetTokens() {
        keys.forgetTokens()
    }

    /// Whom a token speaks for.
    ///
    /// A token that holds is believed without another look for up to 60 seconds, and never past its `exp`.
    /// Every token that is not believed gets one and the same answer, ``ParleyError/unauthenticated``; why is told at
    /// debug level in the log, without the token.
    public func identity(of token: String) async throws(ParleyError) -> Identity {
        try await verified(token).identity
    }

    /// Whom a token speaks for, and until when; believed and refused as by ``identity(of:)``.
    public func verified(_ token: String) async throws(ParleyError) -> VerifiedToken {
        do throws(TokenFlaw) {
            // Before its length is known to be sane, a token is not worth a hash.
            guard token.utf8.count <= CompactToken.maximumBytes else { throw TokenFlaw.tooLong }
            do throws(TokenFlaw) {
                return try await verified(token, by: keys.current)
            } catch {
                // A provider may sign with a key that it has only just published.
                guard error == .unknownKey, let published, await published.refresh(.unknownKey) else { throw error }
                return try await verified(token, by: keys.current)
            }
        } catch {
            logger.debug("A token was refused", metadata: ["reason": "\(error.rawValue)"])
            throw .unauthenticated
        }
    }

    private func verified(
        _ token: String,
        by keys: TrustedKeys.Generation
    ) async throws(TokenFlaw) -> VerifiedToken {
        let (key, now) = (CacheKey(token), clock.now())
        if let verified = keys.cache.verified(key, now: now) { return verified }
        let compact = try CompactToken(token)
        try await keys.ring.check(compact)
        let claims = try TokenClaims(compact.payload, settings: settings, now: now)
        let verified = VerifiedToken(claims)
        keys.cache.keep(verified, of: key, now: now)
        return verified
    }
}

extension ParleyError {
    /// The one answer for everyone whose token or sign-in does not hold.
    public static let unauthenticated = ParleyError(.unauthenticated, "Sign in, or send a valid token.")
}
