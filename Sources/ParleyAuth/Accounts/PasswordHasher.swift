public import NIOPosix
import ParleyCore

/// Hashes passwords with scrypt, on a thread pool and never on the cooperative one.
///
/// A hash is a PHC string, `$scrypt$ln=15,r=8,p=1$salt$hash`, that bears its parameters: those of new hashes may change
/// while old ones go on being checked. Passwords are compared in Unicode's NFKC form.
///
/// Where too much work is waiting, every call fails at once with ``ParleyError/Code/unavailable``.
public struct PasswordHasher: Sendable {
    /// The work of a new hash.
    public let parameters: ScryptParameters
    private let queue: WorkQueue
    private let decoy: ScryptHash

    /// Makes a hasher over a started pool, which the caller shuts down.
    ///
    /// - Parameters:
    ///   - pool: Where the work is done.
    ///   - parameters: The work of a new hash.
    ///   - width: How many hashes are made at once; each takes 32 MiB and a core.
    ///   - depth: How many may wait: at 84 ms each, 64 make the last one wait under three seconds.
    public init(
        pool: NIOThreadPool,
        parameters: ScryptParameters = .standard,
        width: Int = 2,
        depth: Int = 64
    ) {
        self.parameters = parameters
        queue = WorkQueue(
            pool: pool,
            width: width,
            depth: depth,
            refusal: "Too many people are signing in; try again."
        )
        decoy = .decoy(parameters)
    }

    /// The hash of a password, with a salt of its own.
    public func hash(_ password: String) async throws -> String {
        try await queue.run { [parameters] in try ScryptHash(of: password, parameters: parameters).text }
    }

    /// Whether a password is the one behind a hash; of a string that is no hash, none is.
    ///
    /// Without a hash (nobody has that address), and with one that can't be read, the same work is done as for a new
    /// hash, and the answer is `false`.
    public func verify(_ password: String, against hash: String?) async throws -> Bool {
        guard let stored = hash.flatMap({ ScryptHash($0) }) else {
            _ = try await queue.run { [decoy] in try decoy.matches(password) }
            return false
        }
        return try await queue.run { try stored.matches(password) }
    }

    /// Whether a hash was made with other parameters than a new one would be.
    public func needsRehash(_ hash: String) -> Bool {
        ScryptHash(hash)?.parameters != parameters
    }
}
