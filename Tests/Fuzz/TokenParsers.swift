import ParleyCore

/// Coverage-guided fuzzing of what takes tokens and key sets apart; `scripts/fuzz-tokens` builds and runs it.
///
/// It is built of the gate's own files, without the signatures: those no fuzzer guesses. A promise that does not hold
/// traps, which the fuzzer reports with the input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzTokenParsers(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    tryToken(bytes)
    tryHeader(bytes)
    tryClaims(bytes)
    tryKeySet(bytes)
    tryJSON(bytes)
    return 0
}

/// Ends the run where something does not hold; `precondition` would not say what, in an optimised build.
private func promise(_ holds: Bool, _ broken: String) {
    if !holds { fatalError(broken) }
}

private func tryToken(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let token = try? CompactToken(text) else { return }
    let parts = [token.header, token.payload, token.signature].map { Base64.url.encode($0) }
    promise(parts.joined(separator: ".") == text, "a token has two spellings")
    promise(token.signedBytes.elementsEqual((parts[0] + "." + parts[1]).utf8), "the wrong bytes are signed")
    tryHeader(token.header)
    tryClaims(token.payload)
}

private func tryHeader(_ bytes: [UInt8]) {
    guard let header = try? TokenHeader(bytes), let json = try? JSON(parsing: bytes) else { return }
    promise(json["alg"] == .string(header.algorithm), "the algorithm is another")
    promise(json["crit"] == nil && json["b64"] == nil, "a critical header passed")
    promise(json["kid"] == header.kid.map(JSON.string), "the key's name is another")
}

private func tryClaims(_ bytes: [UInt8]) {
    let now = Timestamp(microseconds: 1_795_252_440_000_000)
    for claim in TokenSettings.IdentityClaim.allCases {
        let settings = TokenSettings(issuer: nil, identityClaim: claim)
        guard let claims = try? TokenClaims(bytes, settings: settings, now: now) else { continue }
        promise(claims.expiry > 1_795_252_440, "a token without an end, or past it, passed")
        promise(EmailAddress(claims.identity.email.value) == claims.identity.email, "an address has two forms")
        promise(claims.identity.department?.isEmpty == false, "a token without department passed")
    }
}

private func tryKeySet(_ bytes: [UInt8]) {
    guard let keys = try? JSONWebKeySet(bytes).keys else { return }
    promise(1...Limits.keySetKeys ~= keys.count, "the number of keys is out of bounds")
    promise(keys.count == 1 || keys.allSatisfy { $0.kid != nil }, "a key can't be named")
    promise(Set(keys.compactMap { $0.kid.map { Array($0.utf8) } }).count == keys.compactMap(\.kid).count, "twins")
    for key in keys {
        switch key.material {
        case .rsa(let modulus, let exponent):
            promise(
                256...1024 ~= modulus.count && modulus[0] != 0 && exponent[0] != 0,
                "an RSA key of a wrong size"
            )
        case .p256(let x, let y): promise(x.count == 32 && y.count == 32, "a point of a wrong size")
        case .ed25519(let point): promise(point.count == 32, "a point of a wrong size")
        }
    }
}

private func tryJSON(_ bytes: [UInt8]) {
    guard let value = try? JSON(parsing: bytes, refusingDuplicateNames: true) else { return }
    let again = try? JSON(parsing: Array(value.text.utf8), refusingDuplicateNames: true)
    promise(again == value, "a value does not come back as it went out")
}
