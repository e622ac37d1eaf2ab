internal import Synchronization

/// A connection to PostgreSQL, on a thread of its own.
///
/// Statements of several tasks are sent without waiting for each other's answers and are answered in order. Each is a
/// transaction by itself, which neither succeeds nor fails with its neighbours, unless a transaction is open: then they all
/// belong to it. So whoever opens a transaction must have the connection for itself, as ``PostgresPool`` lends it.
///
/// An answer means that the server is done: what a statement has changed outside of a transaction is committed by then.
public final class PostgresConnection: Sendable {
    private let mailbox: Mailbox
    private let status: ConnectionStatus
    private let statementTimeout: Duration
    /// The clock that waits between attempts go by.
    let time: PostgresTime

    private init(_ mailbox: Mailbox, _ status: ConnectionStatus, _ settings: PostgresSettings) {
        self.mailbox = mailbox
        self.status = status
        statementTimeout = settings.statementTimeout
        time = settings.time
    }

    deinit {
        mailbox.close()
    }

    /// Connects; takes as long as that may take also where the task is cancelled meanwhile.
    ///
    /// - Throws: A `PostgresError` of the kind `unreachable`, or `cancelled`.
    public static func open(_ settings: PostgresSettings) async throws(PostgresError) -> PostgresConnection {
        let mailbox = try Mailbox()
        let status = ConnectionStatus()
        let connection = PostgresConnection(mailbox, status, settings)
        let answer = OneAnswer<Result<Void, PostgresError>>()
        try OwnThread.start {
            do throws(PostgresError) {
                let thread = try ConnectionThread(settings, mailbox: mailbox, status: status)
                answer.give(.success(()))
                thread.run()
            } catch {
                answer.give(.failure(error))
                _ = mailbox.finish(error)
            }
        }
        // Also where the task is cancelled: a program that ended meanwhile would end under what libpq does in its thread.
        try await answer.take().get()
        do throws(PostgresError) {
            try await connection.setUp(settings)
        } catch {
            _ = await connection.ended()
            throw error
        }
        return connection
    }

    /// Whether it still stands, as far as is known.
    public var isOpen: Bool { mailbox.end == nil }

    /// Whether a transaction is open, as of the last answer.
    public var isInTransaction: Bool { !status.isIdle.load(ordering: .acquiring) }

    /// The server's process for this connection.
    public var processID: Int32 { status.processID.load(ordering: .relaxed) }

    /// Whether it is encrypted.
    public var usesTLS: Bool { status.usesTLS.load(ordering: .relaxed) }

    /// Executes one statement and returns its rows.
    ///
    /// It is prepared at its first use in this connection. Where the task is cancelled or the time is up, the server is asked
    /// to cancel it; the call returns when the server is done, or has had its time for that.
    ///
    /// - Parameters:
    ///   - sql: One statement, with arguments as `$1`, `$2` and so on.
    ///   - arguments: The arguments.
    ///   - timeout: How long it may take, waiting for its turn included; `nil` for what the settings say.
    /// - Returns: The rows.
    /// - Throws: A `PostgresError`.
    public func query(
        _ sql: String,
        _ arguments: [any PostgresEncodable] = [],
        timeout: Duration? = nil
    ) async throws(PostgresError) -> PostgresRows {
        let statement = try Statement(sql, arguments, isPrepared: true)
        return PostgresRows(result: try await perform(statement, timeout: timeout, isCancellable: true))
    }

    /// Asks the connection to end once the statements that it has are answered, and returns at once.
    public func close() {
        mailbox.close()
    }

    /// Waits until the connection has ended, and returns why.
    public func ended() async -> PostgresError {
        await mailbox.ended()
    }

    /// Executes a statement that is said once, such as `COMMIT`.
    ///
    /// Where it isn't cancellable, the task's cancellation doesn't touch it.
    func command(_ sql: String, isCancellable: Bool) async throws(PostgresError) -> StatementResult {
        try await perform(Statement(sql, [], isPrepared: false), timeout: nil, isCancellable: isCancellable)
    }

    private func perform(
        _ statement: Statement,
        timeout: Duration?,
        isCancellable: Bool
    ) async throws(PostgresError) -> StatementResult {
        if isCancellable, Task.isCancelled {
            throw PostgresError(.cancelled, "the task was cancelled before the statement was sent")
        }
        let mailbox = mailbox
        let id = mailbox.makeID()
        let deadline = ContinuousClock.now + (timeout ?? statementTimeout)
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                mailbox.add(
                    Mailbox.Request(id: id, statement: statement, deadline: deadline) {
                        continuation.resume(returning: $0)
                    }
                )
                // The handler may have run before there was anything to cancel.
                if isCancellable, Task.isCancelled { mailbox.cancel(id) }
            }
        } onCancel: {
            if isCancellable { mailbox.cancel(id) }
        }
        return try result.get()
    }

    private func setUp(_ settings: PostgresSettings) async throws(PostgresError) {
        let (seconds, attoseconds) = settings.statementTimeout.components
        let grace = settings.cancelGrace.components.seconds
        // Behind the client's own deadline: for a client that has died.
        let milliseconds = (seconds + grace) * 1000 + attoseconds / 1_000_000_000_000_000
        var parameters = settings.parameters
        parameters["statement_timeout"] = parameters["statement_timeout"] ?? String(milliseconds)
        let names = parameters.keys.sorted()
        let calls = names.indices.map { "set_config($\($0 * 2 + 1), $\($0 * 2 + 2), false)" }
        let arguments = names.flatMap { [$0, parameters[$0] ?? ""] }
        let statement = try Statement("SELECT " + calls.joined(separator: ", "), arguments, isPrepared: false)
        do {
            _ = try await perform(statement, timeout: nil, isCancellable: true)
        } catch {
            close()
            // Nothing of the caller's was sent, whatever has become of this.
            throw error.kind == .cancelled ? error : error.with(kind: .unreachable, isConnectionLost: true)
        }
    }
}
