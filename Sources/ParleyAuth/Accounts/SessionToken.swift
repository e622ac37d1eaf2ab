import Crypto

/// The token of a sign-in: 32 random bytes, known to the browser only.
///
/// The store keeps its SHA-256, so that who reads the store can't sign in. No salt and no slow hash: 256 random bits
/// can't be guessed.
struct SessionToken {
    /// The token, 43 characters of base64url.
    let text: String
    /// SHA-256 of the token's bytes.
    let hash: [UInt8]

    private static let bytes = 32

    /// Makes a token.
    init() {
        let bytes = RandomBytes.make(Self.bytes)
        text = Base64.url.encode(bytes)
        hash = Array(SHA256.hash(data: bytes))
    }

    /// Reads a token; `nil` where it is none of ours, and the store need not be asked.
    init?(_ text: String) {
        guard text.utf8.count == (Self.bytes * 8 + 5) / 6, let bytes = Base64.url.decode(text.utf8) else { return nil }
        self.text = text
        hash = Array(SHA256.hash(data: bytes))
    }
}
