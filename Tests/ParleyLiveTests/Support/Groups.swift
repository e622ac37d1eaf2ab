import Dispatch
import ParleyLive
import Synchronization

/// Connections that are served by one queue, as an event loop serves its own.
final class QueuedGroup: LiveOutletGroup {
    private let queue = DispatchQueue(label: "group")

    func deliver(_ frame: LiveFrame, to sessions: [LiveSession]) {
        queue.async {
            for session in sessions { session.pass(frame) }
        }
    }

    func inLine(_ body: @escaping @Sendable () -> Void) {
        queue.async(execute: body)
    }

    func ready() async {}
}

/// Connections that are served by whoever calls, under one lock, as a stream's buffer is filled.
final class LockedGroup: LiveOutletGroup {
    private let lock = Mutex(())

    func deliver(_ frame: LiveFrame, to sessions: [LiveSession]) {
        lock.withLock { _ in
            for session in sessions { session.pass(frame) }
        }
    }

    func inLine(_ body: @escaping @Sendable () -> Void) {
        lock.withLock { _ in body() }
    }

    func ready() async {}
}

/// How a test's connections are served.
enum GroupKind: CaseIterable {
    case queued
    case locked

    func make() -> any LiveOutletGroup {
        switch self {
        case .queued: QueuedGroup()
        case .locked: LockedGroup()
        }
    }
}
