import ParleyCore

/// What a token claims, checked claim by claim.
///
/// Decoded here and not by jwt-kit, whose `AudienceClaim` stops the process at an empty list and which takes `1e300`
/// for a time and the last of two `email`s for the identity.
struct TokenClaims {
    /// How far an issuer's clock may be ahead of ours, in seconds.
    private static let clockSkew = 30
    /// The year 36 812: what is later is a mistake in unit or an attempt to overflow.
    private static let latestTime = 1 << 40
    /// A `sid` in bytes: a UUID has 36.
    private static let sessionIDBytes = 1...256

    /// Who is calling.
    let identity: Identity
    /// When the token ends, in seconds since the epoch.
    let expiry: Int

    init(_ bytes: [UInt8], settings: TokenSettings, now: Timestamp) throws(TokenFlaw) {
        let claims: JSON
        do {
            claims = try JSON(parsing: bytes, refusingDuplicateNames: true)
        } catch {
            throw .claimsNotStrictJSON
        }
        guard claims.objectValue != nil else { throw .claimsNotStrictJSON }
        let now = Int(now.microseconds / 1_000_000)
        guard let expiry = Self.time(claims["exp"]), expiry > now else { throw .expiry }
        guard let issuedAt = Self.time(claims["iat"]), issuedAt <= now + Self.clockSkew else { throw .issuedAt }
        if let claim = claims["nbf"] {
            guard let notBefore = Self.time(claim), notBefore <= now else { throw .notBefore }
        }
        try Self.checkIssuer(claims["iss"], is: settings.issuer)
        try Self.checkAudience(claims["aud"], holds: settings.audience)
        guard let address = claims[settings.identityClaim.rawValue]?.stringValue, let email = EmailAddress(address)
        else {
            throw .identity
        }
        guard let department = claims["dept"]?.stringValue, department.isPrintable(bytes: 1...Limits.departmentBytes)
        else {
            throw .department
        }
        let sessionID = try Self.sessionID(claims["sid"])
        self.expiry = expiry
        identity = Identity(email: email, department: department, sessionID: sessionID)
    }

    // `intValue` takes a lexeme of digits only: no fraction, no exponent, no overflow.
    private static func time(_ claim: JSON?) -> Int? {
        guard let time = claim?.intValue, 0..<latestTime ~= time else { return nil }
        return time
    }

    private static func checkIssuer(_ claim: JSON?, is issuer: String?) throws(TokenFlaw) {
        guard let name = claim?.stringValue, !name.isEmpty else { throw .issuer }
        guard issuer.map(name.hasSameBytes(as:)) ?? true else { throw .issuer }
    }

    private static func checkAudience(_ claim: JSON?, holds audience: String?) throws(TokenFlaw) {
        let elements = claim?.arrayValue ?? claim.map { [$0] } ?? []
        let names = elements.compactMap(\.stringValue).filter { !$0.isEmpty }
        guard !names.isEmpty, names.count == elements.count else { throw .audience }
        guard let audience else { return }
        guard names.contains(where: audience.hasSameBytes(as:)) else { throw .audience }
    }

    private static func sessionID(_ claim: JSON?) throws(TokenFlaw) -> String? {
        guard let claim else { return nil }
        guard let text = claim.stringValue, text.isPrintable(bytes: sessionIDBytes) else { throw .sessionID }
        return text
    }
}

extension String {
    /// Whether both are the same bytes.
    ///
    /// `==` would take canonically equivalent text for the same.
    func hasSameBytes(as other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }

    /// Whether it is so many bytes long and free of control characters.
    ///
    /// What a token or a key is called goes to logs, and to stores that can't all hold U+0000.
    func isPrintable(bytes length: ClosedRange<Int>) -> Bool {
        length ~= utf8.count && !unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
}
