/// How much a server or a client cares to compress, when the other end takes compressed messages.
///
/// Off unless asked for: compressing what an attacker chooses together with what is secret tells about the secret by the
/// length (CRIME), and OWASP advises against it.
public struct DeflateSettings: Sendable, Hashable {
    /// zlib's level, 1 (fast) to 9 (small).
    ///
    /// 1 by default: for messages of JSON the higher levels gain little.
    public var level: Int
    /// Messages smaller than this are sent as they are.
    ///
    /// 256 bytes by default: below it there is little to gain.
    public var minimumBytes: Int

    /// Makes settings.
    public init(level: Int = 1, minimumBytes: Int = 256) {
        self.level = level
        self.minimumBytes = minimumBytes
    }
}
