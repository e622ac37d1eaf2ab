import Glibc

/// Starts programs that see nothing of the process that starts them.
///
/// Foundation's `Process` crashes now and then where a thousand files are open, and hands on the signals that the runtime
/// blocks in its threads.
public enum Spawn {
    /// How a program ended.
    public enum Ending: Hashable, Sendable {
        case exit(Int32)
        case signal(Int32)
    }

    /// It could not be started.
    public struct Failure: Error, Hashable, Sendable {
        /// What the system says.
        public let errorNumber: Int32
    }

    private typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>

    // What Glibc's module hides.
    private static let closeFrom: (@convention(c) (Actions, Int32) -> Int32)? =
        dlsym(nil, "posix_spawn_file_actions_addclosefrom_np")
        .map { unsafeBitCast($0, to: (@convention(c) (Actions, Int32) -> Int32).self) }
    private static let changeDirectory: (@convention(c) (Actions, UnsafePointer<CChar>) -> Int32)? =
        dlsym(nil, "posix_spawn_file_actions_addchdir_np")
        .map { unsafeBitCast($0, to: (@convention(c) (Actions, UnsafePointer<CChar>) -> Int32).self) }

    /// Starts a program, with no signal blocked or ignored.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: Its environment, and nothing else.
    ///   - directory: Where it works; where this process does, unless one is given.
    ///   - files: Which of this process's files are which of its standard ones; it has no others.
    /// - Returns: The system's number of the process.
    /// - Throws: A ``Failure``.
    public static func start(
        _ path: String,
        _ arguments: [String],
        environment: [String: String],
        directory: String? = nil,
        files: [(mine: Int32, its: Int32)]
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for file in files { posix_spawn_file_actions_adddup2(&actions, file.mine, file.its) }
        if let directory { _ = changeDirectory?(&actions, directory) }
        _ = closeFrom?(&actions, 3)
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
        let status = posix_spawn(&id, path, &actions, &attributes, &words, &settings)
        guard status == 0 else { throw Failure(errorNumber: status) }
        return id
    }

    /// Waits for the end of a program, and blocks the thread for that.
    public static func wait(for id: Int32) -> Ending {
        var status: Int32 = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? .exit((status >> 8) & 0xff) : .signal(signal)
    }

    /// Does what blocks on a thread of its own.
    public static func thread(_ body: @escaping @Sendable () -> Void) throws {
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
            throw Failure(errorNumber: status)
        }
        pthread_detach(thread)
    }
}
