import JWTKit
import ParleyCore

/// The keys that tokens may be signed with.
///
/// A header names exactly one of them, or its token is refused.
struct KeyRing: Sendable {
    private let keys: [any SignatureKey]

    /// Refuses an empty ring, two keys of one name, and a nameless key beside others, which no header could name.
    init(_ secrets: [HMACSecret]) throws(ParleyError) {
        var keys: [any SignatureKey] = []
        for secret in secrets { keys.append(try HMACSignatureKey(secret)) }
        guard !keys.isEmpty else { throw .invalid("jwt.secret", "There is no key to check tokens with.") }
        guard keys.count == 1 || keys.allSatisfy({ $0.kid != nil }) else {
            throw .invalid(
                "jwt.secrets",
                "Several secrets need a kid each, by which a token says which one it is signed with."
            )
        }
        let names = keys.compactMap(\.kid)
        guard Set(names.map { Array($0.utf8) }).count == names.count else {
            throw .invalid("jwt.secrets", "Two secrets bear the same kid.")
        }
        self.keys = keys
    }

    /// Throws unless the token is signed with the key that its header names.
    func check(_ token: CompactToken) async throws(TokenFlaw) {
        let key = try key(for: TokenHeader(token.header))
        do {
            let signer = try await key.signer()
            guard try signer.verify(token.signature, signs: token.signedBytes) else { throw TokenFlaw.wrongSignature }
        } catch {
            // jwt-kit throws for a signature that no key of the kind could have made.
            throw .wrongSignature
        }
    }

    /// The key that a header names; the only key where it names none.
    private func key(for header: TokenHeader) throws(TokenFlaw) -> any SignatureKey {
        let key: (any SignatureKey)?
        if let kid = header.kid {
            key = keys.first { $0.kid?.hasSameBytes(as: kid) == true }
        } else {
            key = keys.count == 1 ? keys.first : nil
        }
        guard let key else { throw .unknownKey }
        guard header.algorithm.hasSameBytes(as: key.algorithm) else { throw .wrongAlgorithm }
        return key
    }
}
