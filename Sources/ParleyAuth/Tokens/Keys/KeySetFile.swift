import ParleyCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file that `jwt.jwks` names.
struct KeySetFile: Sendable {
    /// Where it is.
    let path: String

    /// The text of the key set, of which nothing is believed yet.
    ///
    /// Refused with an error that names `jwt.jwks`: what is not a regular file, is too large, or may be written by
    /// anyone, who could then sign in as anyone.
    func read() throws(ParleyError) -> [UInt8] {
        let file: SmallFile
        do {
            file = try SmallFile(path: path, maximumBytes: Limits.keySetBytes)
        } catch {
            throw refusal(error.reason)
        }
        guard file.permissions & S_IWOTH == 0 else {
            throw refusal("can be written by anyone; run: chmod o-w '\(path)'")
        }
        return file.bytes
    }

    private func refusal(_ reason: String) -> ParleyError {
        .invalid("jwt.jwks", "The key set '\(path)' \(reason).")
    }
}
