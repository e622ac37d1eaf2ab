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

    private static func existing(_ path: String) throws(ParleyError) -> HMACSecret? {
        // Not to hang at a pipe that bears the file's name.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw refusal(path, "can't be opened: \(reason())")
        }
        defer { close(descriptor) }
        // Asked of the open file, not of the path, which may come to name another.
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw refusal(path, "can't be examined: \(reason())") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw refusal(path, "is not a regular file") }
        guard status.st_uid == geteuid() || status.st_uid == 0 else { throw refusal(path, "belongs to another user") }
        guard status.st_mode & (S_IRWXG | S_IRWXO) == 0 else {
            throw refusal(path, "can be read by others; run: chmod 600 '\(path)'")
        }
        var bytes = [UInt8](repeating: 0, count: maximumFileBytes + 1)
        let count = try readAll(descriptor, into: &bytes, path)
        guard count <= maximumFileBytes else { throw refusal(path, "is larger than \(maximumFileBytes) bytes") }
        let text = bytes[..<count]
        let end = text.lastIndex { !isWhitespace($0) }.map { $0 + 1 } ?? 0
        guard end >= HMACSecret.minimumBytes else {
            throw refusal(path, "holds \(end) bytes; a secret needs at least \(HMACSecret.minimumBytes)")
        }
        return HMACSecret(kid: nil, bytes: Array(text[..<end]))
    }

    private static func readAll(
        _ descriptor: Int32,
        into bytes: inout [UInt8],
        _ path: String
    ) throws(ParleyError) -> Int {
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if got == 0 { break }
            if got < 0 {
                guard errno == EINTR else { throw refusal(path, "can't be read: \(reason())") }
                continue
            }
            count += got
        }
        return count
    }

    // Written whole under another name, then given its name by link(2), which fails where the name is taken: nobody ever
    // reads half a secret, and the first of two processes wins.
    private static func make(_ path: String) throws(ParleyError) {
        let draft = path + "." + Base64.url.encode(RandomBytes.make(9)) + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)
        guard descriptor >= 0 else { throw refusal(path, "can't be made: \(reason())") }
        defer { unlink(draft) }
        let text = Array((Base64.url.encode(RandomBytes.make(randomBytes)) + "\n").utf8)
        let written = write(descriptor, text, text.count)
        let isSafe = written == text.count && fsync(descriptor) == 0
        let failure = reason()
        close(descriptor)
        guard isSafe else { throw refusal(path, "can't be written: \(failure)") }
        guard link(draft, path) == 0 || errno == EEXIST else { throw refusal(path, "can't be made: \(reason())") }
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || 0x09...0x0D ~= byte
    }

    private static func refusal(_ path: String, _ reason: String) -> ParleyError {
        .invalid("jwt.secret", "The signing secret '\(path)' \(reason).")
    }

    private static func reason() -> String {
        String(cString: strerror(errno))
    }
}
