import ParleyCore

/// The public keys of an identity provider, as it publishes them (RFC 7517, section 5).
///
/// One bad key refuses the whole set: an operator who is not told of it would look for the fault in tokens. Keys that
/// say of themselves that they are for encryption (`use` is `enc`) are passed over: some providers publish them beside the
/// others by default, and nothing is ever checked with them.
struct JSONWebKeySet: Sendable {
    /// The keys for signatures, in their order; at least one.
    let keys: [JSONWebKey]

    /// Decodes a set; throws ``ParleyError/Code/invalidRequest`` naming `jwt.jwks`, the key's place and name, and why.
    init(_ bytes: [UInt8]) throws(ParleyError) {
        guard bytes.count <= Limits.keySetBytes else {
            throw Self.refusal("is larger than \(Limits.keySetBytes) bytes")
        }
        let document: JSON
        do {
            document = try JSON(parsing: bytes, refusingDuplicateNames: true)
        } catch {
            throw Self.refusal("is not strict JSON: \(error.reason), at byte \(error.offset)")
        }
        guard let entries = document["keys"]?.arrayValue else { throw Self.refusal("has no list named keys") }
        guard !entries.isEmpty else { throw Self.refusal("holds no key") }
        guard entries.count <= Limits.keySetKeys else {
            throw Self.refusal("holds \(entries.count) keys, more than \(Limits.keySetKeys)")
        }
        let signing = entries.enumerated().filter { $0.element["use"]?.stringValue != "enc" }
        guard !signing.isEmpty else { throw Self.refusal("holds no key for signatures, only for encryption") }
        var keys: [JSONWebKey] = []
        for (index, entry) in signing {
            do throws(JSONWebKey.Flaw) {
                let key = try JSONWebKey(entry)
                guard key.kid != nil || signing.count == 1 else {
                    throw JSONWebKey.Flaw(reason: "has no kid, which beside other keys it needs")
                }
                guard !keys.contains(where: { $0.isNamed(as: key) }) else {
                    throw JSONWebKey.Flaw(reason: "bears the kid of a key before it")
                }
                keys.append(key)
            } catch {
                throw Self.refusal(error, of: index, entry["kid"]?.stringValue)
            }
        }
        self.keys = keys
    }

    /// Why the key at an index keeps the set from being used.
    static func refusal(_ flaw: JSONWebKey.Flaw, of index: Int, _ kid: String?) -> ParleyError {
        // A kid that is no name is the file's to show, not a log's.
        let name = kid.flatMap { $0.isPrintable(bytes: 1...64) ? " (kid '\($0)')" : nil } ?? ""
        return .invalid("jwt.jwks", "The key set can't be used: keys[\(index)]\(name) \(flaw.reason).")
    }

    private static func refusal(_ reason: String) -> ParleyError {
        .invalid("jwt.jwks", "The key set can't be used: it \(reason).")
    }
}

extension JSONWebKey {
    /// Whether both bear one name.
    fileprivate func isNamed(as other: JSONWebKey) -> Bool {
        guard let kid, let name = other.kid else { return false }
        return kid.hasSameBytes(as: name)
    }
}
