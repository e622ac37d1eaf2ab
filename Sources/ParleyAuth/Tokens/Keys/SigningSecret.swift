public import ParleyCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The signing secret of a server that was given none: made on first start and kept beside the database.
public enum SigningSecret {
    private static let randomBytes = 32
    private static let maximumFileBytes = 4096

    /// The secret in a file; makes the file where there is none.
    ///
    /// The file holds 32 random bytes as base64url text, readable by its owner only. The text itself is the secret, so
    /// that it may be moved into `jwt.secret` as it stands. Of several processes that start at once, all get the same
    /// secret. Refused with an error that names the file: one that others may read or that is somebody else's, one that
    /// is not a regular file, and one with fewer than 32 bytes.
    public static func load(orMakeAt path: String) throws(ParleyError) -> HMACSecret {
        if let secret = try existing(path) { return secret }
        try make(path)
        guard let secret = try existing(path) else { throw refusal(path, "vanished while it was made") }
        return secret
    }

    /// A new secret: 32 random bytes as base64url text, which itself is the secret.
    public static func makeText() -> [UInt8] {
        Array(Base64.url.encode(RandomBytes.make(randomBytes)).utf8)
    }

    private static func existing(_ path: String) throws(ParleyError) -> HMACSecret? {
        let file: SmallFile
        do {
            file = try SmallFile(path: path, maximumBytes: maximumFileBytes)
        } catch {
            guard !error.isMissing else { return nil }
            throw refusal(path, error.reason)
        }
        guard file.owner == geteuid() || file.owner == 0 else { throw refusal(path, "belongs to another user") }
        guard file.permissions & (S_IRWXG | S_IRWXO) == 0 else {
            throw refusal(path, "can be read by others; run: chmod 600 '\(path)'")
        }
        let end = file.bytes.lastIndex { !isWhitespace($0) }.map { $0 + 1 } ?? 0
        guard end >= HMACSecret.minimumBytes else {
            throw refusal(path, "holds \(end) bytes; a secret needs at least \(HMACSecret.minimumBytes)")
        }
        return HMACSecret(kid: nil, bytes: Array(file.bytes[..<end]))
    }

    // Written whole under another name, then given its name by link(2), which fails where the name is taken: nobody ever
    // reads half a secret, and the first of two processes wins.
    private static func make(_ path: String) throws(ParleyError) {
        let draft = path + "." + Base64.url.encode(RandomBytes.make(9)) + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)
        guard descriptor >= 0 else { throw refusal(path, "can't be made: \(SmallFile.systemError())") }
        defer { unlink(draft) }
        let text = makeText() + [UInt8(ascii: "\n")]
        let written = write(descriptor, text, text.count)
        let isSafe = written == text.count && fsync(descriptor) == 0
        let failure = SmallFile.systemError()
        close(descriptor)
        guard isSafe else { throw refusal(path, "can't be written: \(failure)") }
        guard link(draft, path) == 0 || errno == EEXIST else {
            throw refusal(path, "can't be made: \(SmallFile.systemError())")
        }
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || 0x09...0x0D ~= byte
    }

    private static func refusal(_ path: String, _ reason: String) -> ParleyError {
        .invalid("jwt.secret", "The signing secret '\(path)' \(reason).")
    }
}
