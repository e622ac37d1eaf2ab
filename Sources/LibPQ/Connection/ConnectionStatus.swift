internal import Synchronization

/// What others may know about a connection while its thread works.
final class ConnectionStatus: Sendable {
    /// Whether no transaction is open.
    let isIdle = Atomic(true)
    /// The server's process for it.
    let processID = Atomic<Int32>(0)
    let usesTLS = Atomic(false)
}
