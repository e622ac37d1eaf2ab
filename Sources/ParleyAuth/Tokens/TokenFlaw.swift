/// Why a token is not believed.
///
/// For the log at debug level only: a client is told nothing but that it isn't.
enum TokenFlaw: String, Error {
    case tooLong = "longer than 8 KiB"
    case notThreeParts = "not three parts"
    case notCanonicalBase64 = "a part is not canonical base64url"
    case headerNotStrictJSON = "the header is not a strict JSON object"
    case wrongAlgorithm = "an algorithm that the key is not for"
    case criticalHeader = "a critical or unencoded-payload header"
    case wrongType = "a type other than JWT or at+jwt"
    case unknownKey = "no key by that kid"
    case wrongSignature = "the signature does not match"
    case claimsNotStrictJSON = "the claims are not a strict JSON object"
    case expiry = "exp is missing, malformed or past"
    case issuedAt = "iat is missing, malformed or in the future"
    case notBefore = "nbf is malformed or in the future"
    case issuer = "iss is not the issuer"
    case audience = "aud is malformed or does not hold the audience"
    case identity = "the identity claim is missing or no e-mail address"
    case department = "dept is missing or malformed"
    case sessionID = "sid is malformed"
}
