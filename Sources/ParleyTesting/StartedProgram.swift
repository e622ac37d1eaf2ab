import Glibc
import Synchronization

/// A program that a test has started, and that sees nothing of the process that started it.
///
/// It has the environment that it is given, no open file but the standard ones, and no signal blocked or ignored: what the
/// runtime blocks in its threads would be blocked in it too, and `pgbench`, for one, then waits for its SIGALRM for ever. Any
/// number of open files is no hindrance. Its standard error is that of the tests.
public final class StartedProgram: Sendable {
    /// How a program ended.
    public enum Ending: Hashable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    /// It could not be started.
    public struct StartFailure: Error, Hashable, Sendable {
        /// What the system says.
        public let errorNumber: Int32
    }

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
        let status: Int32
        (status, id) = Self.spawn(path, arguments, environment, input: input.read, output: output.write)
        close(input.read)
        close(output.write)
        guard status == 0 else {
            close(input.write)
            close(output.read)
            throw StartFailure(errorNumber: status)
        }
        self.input = Mutex(input.write)
        let (id, line, end) = (id, line, end)
        // Threads, since both block: what it prints is read to its end, or it would have to wait itself.
        try Self.thread { Self.read(output.read, line) }
        try Self.thread { end.give(Self.wait(for: id)) }
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

    /// What Glibc's module hides: closes all files from a number on.
    private static let closeFrom: CloseFrom? =
        dlsym(nil, "posix_spawn_file_actions_addclosefrom_np").map { unsafeBitCast($0, to: CloseFrom.self) }
    private typealias CloseFrom =
        @convention(c) (UnsafeMutablePointer<posix_spawn_file_actions_t>, Int32) -> Int32

    private static func makePipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        // No pipe, since only a socket is closed at once for what other threads start; Glibc's module has no pipe2.
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw StartFailure(errorNumber: errno) }
        return (ends[0], ends[1])
    }

    private static func spawn(
        _ path: String,
        _ arguments: [String],
        _ environment: [String: String],
        input: Int32,
        output: Int32
    ) -> (status: Int32, id: Int32) {
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_adddup2(&files, input, 0)
        posix_spawn_file_actions_adddup2(&files, output, 1)
        _ = closeFrom?(&files, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        var settings = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + settings { free(text) } }
        var id: Int32 = 0
        let status = posix_spawn(&id, path, &files, &attributes, &words, &settings)
        return (status, id)
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

    private static func wait(for id: Int32) -> Ending {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
    }

    private static func thread(_ body: @escaping @Sendable () -> Void) throws {
        final class Work {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        let work = Unmanaged.passRetained(Work(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                return nil
            },
            work.toOpaque()
        )
        guard status == 0 else {
            work.release()
            throw StartFailure(errorNumber: status)
        }
        pthread_detach(thread)
    }
}
