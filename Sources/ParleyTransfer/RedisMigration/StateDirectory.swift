internal import Foundation
public import ParleyCore

/// Where a migration keeps what it knows between its steps: files of JSON lines that people can read.
///
/// A file that is written anew stands there as a whole or not at all; one that grows may end in the middle of a line after a
/// crash, and that line counts for nothing. Only one process uses a directory at a time. It writes and reads on the thread of its
/// caller: it is made for a command, with nobody else to keep waiting.
public final class StateDirectory: Sendable {
    /// The files, by what they hold.
    enum File: String, CaseIterable {
        /// What was there before anything was done.
        case backup = "backup.jsonl"
        /// Who owns what is imported.
        case owner = "owner.json"
        /// What was there in the new store, written before anything is brought to it.
        case places = "places.jsonl"
        /// The old keys with their hashes, after all was brought.
        case keys = "keys.jsonl"
        /// The conversations with what they must hold, after all was brought.
        case conversations = "conversations.jsonl"
        /// What became of every record.
        case records = "records.jsonl"
        /// That everything was compared, and held.
        case validated = "validated.json"
        /// The old keys that are removed, written before they are.
        case cleaned = "cleaned.jsonl"
        /// What a rollback has overwritten.
        case replaced = "replaced.jsonl"
    }

    private let path: String
    private let lock: Int32

    /// Opens a directory, or makes it, with rights for its owner only: a backup holds everything that people have said.
    ///
    /// - Throws: ``ParleyError`` with code `unavailable` where that can't be, or another process uses it.
    public init(path: String) throws(ParleyError) {
        self.path = path
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw .unavailable("The directory \(path) can't be made: \(error.localizedDescription)")
        }
        lock = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0, flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            // It is closed by the deinitializer, which runs for what is thrown here, too.
            let isBusy = lock >= 0
            throw .unavailable(
                isBusy ? "Another migration is using \(path)." : "\(path) can't be written to."
            )
        }
    }

    deinit {
        guard lock >= 0 else { return }
        // A program that is being started beside this may have the file open, too, and would keep it locked for a moment.
        flock(lock, LOCK_UN)
        close(lock)
    }

    /// Whose migration it is, once something was brought.
    public var owner: EmailAddress? {
        get throws { try lines(.owner).first?["owner"]?.stringValue.map(EmailAddress.init(normalized:)) }
    }

    func path(of file: File) -> String { "\(path)/\(file.rawValue)" }

    func exists(_ file: File) -> Bool { FileManager.default.fileExists(atPath: path(of: file)) }

    func remove(_ file: File) throws(ParleyError) {
        guard exists(file) else { return }
        guard unlink(path(of: file)) == 0 else { throw Self.failure(path(of: file)) }
        try synchronize()
    }

    /// Gives a file the first free name with a number; what stood under its name is kept under that.
    func putAside(_ file: File) throws(ParleyError) {
        guard exists(file) else { return }
        var number = 1
        let parts = file.rawValue.split(separator: ".", maxSplits: 1)
        func name() -> String { "\(path)/\(parts[0])-\(number).\(parts[1])" }
        while FileManager.default.fileExists(atPath: name()) { number += 1 }
        guard rename(path(of: file), name()) == 0 else { throw Self.failure(path(of: file)) }
        try synchronize()
    }

    /// Writes a file anew: under another name, to the disk, and then in the place of the one before.
    func write<Value>(_ file: File, _ body: (LineWriter) async throws -> Value) async throws -> Value {
        let part = path(of: file) + ".part"
        let writer = try LineWriter(path: part, appending: false)
        let value = try await body(writer)
        try writer.synchronize()
        guard rename(part, path(of: file)) == 0 else { throw Self.failure(part) }
        try synchronize()
        return value
    }

    /// Opens a file to add lines to it; half a line at its end is taken away.
    func append(_ file: File) throws(ParleyError) -> LineWriter {
        try LineWriter(path: path(of: file), appending: true)
    }

    /// The lines of a small file; none where there is none.
    func lines(_ file: File) throws -> [JSON] {
        guard exists(file) else { return [] }
        var lines: [JSON] = []
        let reader = try LineReader(path: path(of: file))
        while let line = try reader.next() {
            // Half a line, after a crash.
            guard let value = try? JSON(parsing: line) else { break }
            lines.append(value)
        }
        return lines
    }

    /// Sees to it that the directory itself is on the disk.
    private func synchronize() throws(ParleyError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure(path) }
    }

    static func failure(_ path: String) -> ParleyError {
        .unavailable("\(path): \(String(cString: strerror(errno)))")
    }
}

/// Writes lines to a file.
final class LineWriter {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    fileprivate init(path: String, appending: Bool) throws(ParleyError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | (appending ? 0 : O_TRUNC), 0o600)
        guard descriptor >= 0 else { throw StateDirectory.failure(path) }
        if appending { try cutHalfLine() }
    }

    deinit { close(descriptor) }

    func write(_ line: JSON) throws(ParleyError) {
        try write(line: line.serialized)
    }

    func write(line: [UInt8]) throws(ParleyError) {
        buffer += line
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count > 1 << 20 { try flush() }
    }

    /// Returns when all is on the disk.
    func synchronize() throws(ParleyError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw StateDirectory.failure(path) }
    }

    private func flush() throws(ParleyError) {
        var start = 0
        while start < buffer.count {
            let count = buffer.withUnsafeBytes { bytes in
                bytes.baseAddress.map { Foundation.write(descriptor, $0 + start, bytes.count - start) } ?? 0
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw StateDirectory.failure(path) }
            start += count
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private func cutHalfLine() throws(ParleyError) {
        var end = lseek(descriptor, 0, SEEK_END)
        var byte: UInt8 = 0
        while end > 0, pread(descriptor, &byte, 1, end - 1) == 1, byte != UInt8(ascii: "\n") { end -= 1 }
        guard ftruncate(descriptor, end) == 0, lseek(descriptor, end, SEEK_SET) == end else {
            throw StateDirectory.failure(path)
        }
    }
}

/// Reads a file line by line, in as much memory as the longest line takes.
final class LineReader {
    private let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0

    init(path: String) throws(ParleyError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StateDirectory.failure(path) }
    }

    deinit { close(descriptor) }

    /// The next line without its end; one that has no end counts, too.
    func next() throws(ParleyError) -> [UInt8]? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return Array(buffer[start..<end])
            }
            buffer.removeFirst(start)
            start = 0
            searched = buffer.count
            var chunk = [UInt8](repeating: 0, count: 1 << 18)
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw StateDirectory.failure(path) }
            if count == 0 {
                defer { buffer = [] }
                return buffer.isEmpty ? nil : buffer
            }
            buffer += chunk[..<count]
        }
    }
}
