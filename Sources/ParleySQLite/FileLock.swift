internal import Foundation
internal import ParleyCore
internal import Synchronization

/// The right of one process to a database file, held through `flock` on a file beside it.
///
/// The system lets go of it when the process ends, however it ends. SQLite's own locks don't do: they come and go with each
/// transaction, and a second process would take running replies for abandoned ones.
final class FileLock: Sendable {
    private let descriptor: Mutex<CInt?>

    private init(descriptor: CInt) {
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        release()
    }

    /// Takes the lock, without waiting.
    static func acquire(besides path: String) throws -> FileLock {
        let lockPath = path + ".lock"
        let descriptor = Foundation.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ParleyError(
                .unavailable,
                "The database \(path) can't be opened: \(lockPath) can't be made or written (\(systemError())). "
                    + "The directory must exist and be writable for Parley."
            )
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            Foundation.close(descriptor)
            guard reason == EWOULDBLOCK else {
                throw ParleyError(.unavailable, "The database \(path) can't be locked (\(systemError(reason))).")
            }
            throw ParleyError(
                .unavailable,
                "The database \(path) is in use by another Parley process. Stop that one first; "
                    + "a SQLite file serves one process at a time."
            )
        }
        return FileLock(descriptor: descriptor)
    }

    /// Lets go.
    ///
    /// The file stays: removing it could take the lock from under a process that has just opened it.
    func release() {
        descriptor.withLock { descriptor in
            if let held = descriptor { Foundation.close(held) }
            descriptor = nil
        }
    }

    private static func systemError(_ code: CInt = errno) -> String {
        String(cString: strerror(code))
    }
}
