import Foundation
import ParleyTesting
import Synchronization

/// A program that a test has started: waited for and ended by the one who started it.
///
/// Its standard error, and its standard output unless that is a pipe, go to files: nothing can block it, and what it said is
/// there when it has died.
final class ChildProcess: Sendable {
    /// How a program ended.
    enum Ending: Hashable, Sendable {
        case exit(Int32)
        case signal(Int32)

        fileprivate init(_ ending: Spawn.Ending) {
            switch ending {
            case .exit(let status): self = .exit(status)
            case .signal(let signal): self = .signal(signal)
            }
        }
    }

    private enum State {
        case running([CheckedContinuation<Ending, Never>])
        case ended(Ending)
    }

    // Shared by the handler, which outlives the initializer's frame.
    private final class Watch: Sendable {
        let state = Mutex(State.running([]))

        func end(_ ending: Ending) {
            let waiting = state.withLock { state in
                guard case .running(let waiting) = state else { return [CheckedContinuation<Ending, Never>]() }
                state = .ended(ending)
                return waiting
            }
            for continuation in waiting { continuation.resume(returning: ending) }
        }
    }

    /// The system's number of the process.
    let id: Int32
    private let watch = Watch()

    /// Starts a program in a directory, with this environment and no other.
    init(
        _ program: URL,
        _ arguments: [String],
        in directory: URL,
        environment: [String: String],
        input: FileHandle = .nullDevice,
        output: FileHandle,
        errors: FileHandle
    ) throws {
        let files = zip([input, output, errors].map(\.fileDescriptor), Int32(0)...).map { (mine: $0, its: $1) }
        let id = try Spawn.start(
            program.path,
            arguments,
            environment: environment,
            directory: directory.path,
            files: files
        )
        self.id = id
        try Spawn.thread { [watch] in watch.end(Ending(Spawn.wait(for: id))) }
    }

    /// Sends a signal; one that has ended gets none, since its number may be another's by now.
    func send(_ signal: Int32) {
        watch.state.withLock { state in
            if case .running = state { kill(id, signal) }
        }
    }

    /// Waits for the end.
    func ending() async -> Ending {
        await withCheckedContinuation { continuation in
            let ended = watch.state.withLock { state -> Ending? in
                switch state {
                case .ended(let ending): return ending
                case .running(let waiting):
                    state = .running(waiting + [continuation])
                    return nil
                }
            }
            if let ended { continuation.resume(returning: ended) }
        }
    }

    /// Ends the process by force and waits until it is gone, also in a task that is cancelled.
    func remove() async {
        send(SIGKILL)
        _ = await ending()
    }
}
