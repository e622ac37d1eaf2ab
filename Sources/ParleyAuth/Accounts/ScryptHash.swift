import Crypto
import CryptoExtras
import Foundation

/// A password's hash with all that is needed to check it: `$scrypt$ln=15,r=8,p=1$salt$hash`, in PHC string format.
///
/// Salt and hash are base64 without padding.
struct ScryptHash: Sendable {
    let parameters: ScryptParameters
    let salt: [UInt8]
    let hash: [UInt8]

    /// A hash that no password is known to have: for the work of checking a password of nobody.
    static func decoy(_ parameters: ScryptParameters) -> ScryptHash {
        ScryptHash(parameters: parameters, salt: RandomBytes.make(saltBytes), hash: RandomBytes.make(hashBytes))
    }

    private static let saltBytes = 16
    private static let hashBytes = 32

    /// Hashes a password with a new salt.
    ///
    /// Blocks the thread for as long as ``ScryptParameters`` say.
    init(of password: String, parameters: ScryptParameters) throws {
        let salt = RandomBytes.make(Self.saltBytes)
        let key = try Self.derive(password, salt: salt, bytes: Self.hashBytes, parameters)
        self.init(parameters: parameters, salt: salt, hash: key.withUnsafeBytes { Array($0) })
    }

    private init(parameters: ScryptParameters, salt: [UInt8], hash: [UInt8]) {
        self.parameters = parameters
        self.salt = salt
        self.hash = hash
    }

    /// Reads a stored string; `nil` where it is none, or asks for more work than Parley would ever have asked for.
    init?(_ text: String) {
        let fields = text.split(separator: "$", omittingEmptySubsequences: false)
        guard fields.count == 5, fields[0].isEmpty, fields[1] == "scrypt", let parameters = ScryptParameters(fields[2]),
            let salt = Base64.standard.decode(fields[3].utf8), let hash = Base64.standard.decode(fields[4].utf8),
            8...64 ~= salt.count, 16...64 ~= hash.count
        else { return nil }
        self.init(parameters: parameters, salt: salt, hash: hash)
    }

    /// The stored form.
    var text: String {
        "$scrypt$\(parameters)$\(Base64.standard.encode(salt))$\(Base64.standard.encode(hash))"
    }

    /// Whether it is this password's hash.
    ///
    /// Blocks the thread; the comparison takes the same time for every outcome.
    func matches(_ password: String) throws -> Bool {
        // `==` of symmetric keys compares in constant time.
        try Self.derive(password, salt: salt, bytes: hash.count, parameters) == SymmetricKey(data: hash)
    }

    private static func derive(
        _ password: String,
        salt: [UInt8],
        bytes: Int,
        _ parameters: ScryptParameters
    ) throws -> SymmetricKey {
        // NFKC, as NIST SP 800-63B asks for: keyboards differ in how they compose the same characters.
        try KDF.Scrypt.deriveKey(
            from: Array(password.precomposedStringWithCompatibilityMapping.utf8),
            salt: salt,
            outputByteCount: bytes,
            rounds: 1 << parameters.logRounds,
            blockSize: parameters.blockSize,
            parallelism: parameters.parallelism
        )
    }
}
