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
    private let keys: TrustedKeys
    private let keySet: (file: KeySetFile, watch: KeySetWatch)?
    private let logger: Logger

    /// Makes a gate, and reads the key set where there is one.
    ///
    /// Unusable keys are ``ParleyError/Code/invalidRequest``, naming the key of configuration to blame.
    public init(
        settings: TokenSettings,
        clock: any WallClock = SystemClock(),
        logger: Logger = Logger(label: "parley.auth")
    ) throws(ParleyError) {
        self.settings = settings
        self.clock = clock
        self.logger = logger
        if let file = settings.keySetPath.map(KeySetFile.init(path:)) {
            let content = try file.read()
            keys = TrustedKeys(try KeyRing(settings.keys, keySet: content))
            keySet = (file, KeySetWatch(secrets: settings.keys, content: content))
        } else {
            keys = TrustedKeys(try KeyRing(settings.keys))
            keySet = nil
        }
    }

    /// Looks at the key set's file again and again, until the task is cancelled; returns at once where there is none.
    ///
    /// Other keys hold at once for every copy of this gate, and tokens that were believed before are looked at afresh. A
    /// file that can't be used changes nothing, and is complained of once. The file is read on a thread of `pool`. To be
    /// run once.
    public func followKeySet(
        on pool: NIOThreadPool,
        every interval: Duration = Limits.keySetRecheck,
        stopwatch: any Clock<Duration> = ContinuousClock()
    ) async {
        guard let (file, start) = keySet else { return }
        var watch = start
        do {
            while true {
                try await stopwatch.sleep(for: interval)
                let outcome = try await pool.runIfActive { Result { () throws(ParleyError) in try file.read() } }
                switch watch.see(outcome) {
                case .nothingNew: break
                case .keys(let ring):
                    keys.replace(with: ring)
                    logger.notice("The key set has changed", metadata: ["path": "\(file.path)"])
                case .refusal(let error):
                    logger.warning("The key set's former keys stay", metadata: ["reason": "\(error.message)"])
                }
            }
        } catch {
            // Cancelled, or the pool has ended: so does the watch.
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
        do throws(TokenFlaw) {
            // Before its length is known to be sane, a token is not worth a hash.
            guard token.utf8.count <= CompactToken.maximumBytes else { throw TokenFlaw.tooLong }
            let (key, now) = (CacheKey(token), clock.now())
            let keys = keys.current
            if let identity = keys.cache.identity(of: key, now: now) { return identity }
            let claims = try await claims(of: token, keys.ring, now: now)
            keys.cache.keep(claims, of: key, now: now)
            return claims.identity
        } catch {
            logger.debug("A token was refused", metadata: ["reason": "\(error.rawValue)"])
            throw .unauthenticated
        }
    }

    private func claims(of token: String, _ ring: KeyRing, now: Timestamp) async throws(TokenFlaw) -> TokenClaims {
        let token = try CompactToken(token)
        try await ring.check(token)
        return try TokenClaims(token.payload, settings: settings, now: now)
    }
}

extension ParleyError {
    /// The one answer for everyone whose token or sign-in does not hold.
    public static let unauthenticated = ParleyError(.unauthenticated, "Sign in, or send a valid token.")
}
