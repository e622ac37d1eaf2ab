import ParleyCore

/// The keys that tokens may be signed with: secrets that the configuration holds, and an identity provider's public keys.
///
/// A header names exactly one of them, or its token is refused.
struct KeyRing: Sendable {
    private let secrets: [SignatureKey]
    private let published: [SignatureKey]

    /// Refuses two keys of one name, and a nameless secret beside others, which no header could name.
    ///
    /// `keySet` is the text of a key set; see ``JSONWebKeySet``.
    init(_ secrets: [HMACSecret], keySet: [UInt8]? = nil) throws(ParleyError) {
        self.secrets = try secrets.map { (secret) throws(ParleyError) in try SignatureKey(secret) }
        published = try keySet.map { (bytes) throws(ParleyError) in try Self.keys(of: bytes) } ?? []
        guard secrets.count <= 1 || secrets.allSatisfy({ $0.kid != nil }) else {
            throw .invalid(
                "jwt.secrets",
                "Several secrets need a kid each, by which a token says which one it is signed with."
            )
        }
        let names = secrets.compactMap(\.kid).map { Array($0.utf8) }
        guard Set(names).count == names.count else {
            throw .invalid("jwt.secrets", "Two secrets bear the same kid.")
        }
        for (index, key) in published.enumerated() where key.kid.map({ names.contains(Array($0.utf8)) }) == true {
            let flaw = JSONWebKey.Flaw(reason: "bears the kid of one of jwt.secrets")
            throw JSONWebKeySet.refusal(flaw, of: index, key.kid)
        }
    }

    private static func keys(of keySet: [UInt8]) throws(ParleyError) -> [SignatureKey] {
        var keys: [SignatureKey] = []
        for (index, key) in try JSONWebKeySet(keySet).keys.enumerated() {
            do {
                keys.append(try SignatureKey(key))
            } catch {
                throw JSONWebKeySet.refusal(error, of: index, key.kid)
            }
        }
        return keys
    }

    /// Throws unless the token is signed with the key that its header names.
    func check(_ token: CompactToken) async throws(TokenFlaw) {
        let key = try key(for: TokenHeader(token.header))
        do {
            guard try await key.signed(token) else { throw TokenFlaw.wrongSignature }
        } catch {
            // jwt-kit throws for a signature that no key of the kind could have made.
            throw .wrongSignature
        }
    }

    /// The key that a header names.
    ///
    /// A header that names none means the only key of its issuer: the one secret with HS256, the one published key
    /// otherwise.
    private func key(for header: TokenHeader) throws(TokenFlaw) -> SignatureKey {
        let all = secrets + published
        let key: SignatureKey?
        if let kid = header.kid {
            key = all.first { $0.kid?.hasSameBytes(as: kid) == true }
        } else {
            guard all.contains(where: { $0.algorithm.hasSameBytes(as: header.algorithm) }) else {
                throw .wrongAlgorithm
            }
            let issuer = header.algorithm == "HS256" ? secrets : published
            key = issuer.count == 1 ? issuer.first : nil
        }
        guard let key else { throw .unknownKey }
        guard header.algorithm.hasSameBytes(as: key.algorithm) else { throw .wrongAlgorithm }
        return key
    }
}
