import Glibc
import Synchronization

/// A program that a test has started, and that sees nothing of the process that started it.
///
/// It has the environment that it is given, no open file but the standard ones, and no signal blocked or ignored: what the
/// runtime blocks in its threads would be blocked in it too, and `pgbench`, for one, then waits for its SIGALRM for ever. Any
/// number of open files is no hindrance. Its standard error is that of the tests.
public final class StartedProgram: Sendable {
    /// How a program ended.
    public typealias Ending = Spawn.Ending
    /// It could not be started.
    public typealias StartFailure = Spawn.Failure

    /// The usual paths, and the directory for what is temporary.
    public static let plainEnvironment: [String: String] = {
        var environment = ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"]
        if let directory = getenv("TMPDIR") { environment["TMPDIR"] = String(cString: directory) }
        return environment
    }()

    /// The system's number of the process.
    public let id: Int32
    private let input: Mutex<Int32>
    private let line = Eventual<String>()
    private let end = Eventual<Ending>()

    /// Starts a program.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: Its environment, and nothing else.
    /// - Throws: A ``StartFailure``.
    public init(
        _ path: String,
        _ arguments: [String],
        environment: [String: String] = StartedProgram.plainEnvironment
    ) throws {
        let (input, output) = (try Self.makePipe(), try Self.makePipe())
        defer {
            close(input.read)
            close(output.write)
        }
        do {
            let files = [(input.read, Int32(0)), (output.write, Int32(1))]
            id = try Spawn.start(path, arguments, environment: environment, files: files)
        } catch {
            close(input.write)
            close(output.read)
            throw error
        }
        self.input = Mutex(input.write)
        let (id, line, end) = (id, line, end)
        // Threads, since both block: what it prints is read to its end, or it would have to wait itself.
        try Spawn.thread { Self.read(output.read, line) }
        try Spawn.thread { end.give(Spawn.wait(for: id)) }
    }

    deinit { closeInput() }

    /// What it prints up to the end of the line, or until it prints no more.
    public func firstLine() async -> String { await line.value() }

    /// Lets it read the end of its standard input.
    public func closeInput() {
        let descriptor = input.withLock { input in
            defer { input = -1 }
            return input
        }
        if descriptor >= 0 { close(descriptor) }
    }

    /// Sends a signal; one that has ended gets none, since its number may be another's by now.
    public func send(_ signal: Int32) {
        if !end.isGiven { kill(id, signal) }
    }

    /// Waits for the end.
    public func ending() async -> Ending { await end.value() }

    private static func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        // No pipe, since only a socket is closed at once for what other threads start; Glibc's module has no pipe2.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw StartFailure(errorNumber: errno) }
        return (ends[0], ends[1])
    }

    private static func read(_ descriptor: Int32, _ line: Eventual<String>) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            if !line.isGiven { bytes += buffer[..<count] }
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                line.give(String(decoding: bytes[..<end], as: UTF8.self))
            }
        }
        line.give(String(decoding: bytes, as: UTF8.self))
        close(descriptor)
    }
}
