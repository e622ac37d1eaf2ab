#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A regular file that an operator named, read whole up to a bound.
///
/// Whatever the path leads to, a pipe or a device included, neither hangs nor fills the memory.
package struct SmallFile {
    /// Why a file could not be had.
    package struct Flaw: Error {
        /// What is the matter, as the end of a sentence that begins with the file's name.
        package let reason: String
        /// Whether there is nothing by that name.
        var isMissing = false

        package init(reason: String, isMissing: Bool = false) {
            self.reason = reason
            self.isMissing = isMissing
        }
    }

    /// The content.
    package let bytes: [UInt8]
    /// Who owns it.
    let owner: uid_t
    /// What its owner, its group and everyone else may do.
    let permissions: mode_t

    /// Reads a file; of a larger one, one byte more than `maximumBytes`.
    package init(path: String, maximumBytes: Int) throws(Flaw) {
        // Not to hang at a pipe that bears the file's name.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw Flaw(reason: "can't be opened: \(Self.systemError())", isMissing: errno == ENOENT)
        }
        defer { close(descriptor) }
        // Asked of the open file, not of the path, which may come to name another.
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Flaw(reason: "can't be examined: \(Self.systemError())") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Flaw(reason: "is not a regular file") }
        owner = status.st_uid
        permissions = status.st_mode & ~S_IFMT
        bytes = try Self.read(descriptor, maximumBytes)
    }

    /// What the system last complained of, in its words.
    static func systemError() -> String {
        String(cString: strerror(errno))
    }

    private static func read(_ descriptor: Int32, _ maximumBytes: Int) throws(Flaw) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: maximumBytes + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                systemRead(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if got == 0 { break }
            if got < 0 {
                guard errno == EINTR else { throw Flaw(reason: "can't be read: \(systemError())") }
                continue
            }
            count += got
        }
        guard count <= maximumBytes else { throw Flaw(reason: "is larger than \(maximumBytes) bytes") }
        return Array(bytes[..<count])
    }
}

/// read(2), by a name that ``SmallFile``'s own does not hide.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}
