internal import CLibPQ
internal import Glibc

/// libpq's connection, in pipeline mode and never blocking once it is made.
///
/// For one thread only.
struct ServerLink: ~Copyable {
    /// What libpq hands out next.
    enum Event {
        /// Statements are in flight, and nothing is there yet.
        case nothingYet
        /// A statement's result.
        case result(StatementResult)
        /// A statement was refused.
        case refused(PostgresError)
        /// A statement before it in the same group was refused.
        case skipped
        /// The server is done with a group, and what it did is committed unless a transaction is open.
        case synced
        /// The statement is a COPY, which a pipeline has no way out of.
        case copy
        /// Between two answers.
        case separator
    }

    private let connection: OpaquePointer
    private var isFinished = false
    let canceller: Canceller
    /// Set by libpq, as it takes answers apart.
    private let unconfirmed: UnsafeMutablePointer<Int32>

    /// Connects; takes as long as it takes.
    ///
    /// - Throws: A `PostgresError` of the kind `unreachable`.
    init(_ settings: PostgresSettings) throws(PostgresError) {
        let seconds = max(2, settings.connectTimeout.components.seconds)
        // The URL stands behind what it may say otherwise, and before what it may not.
        let parameters: [(String, String)] = [
            ("fallback_application_name", settings.applicationName),
            ("connect_timeout", String(seconds)),
            ("tcp_user_timeout", "10000"),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("dbname", settings.url),
            ("client_encoding", "UTF8"),
        ]
        guard !settings.url.utf8.contains(0) else { throw PostgresError(.argument, "the URL holds NUL") }
        guard let made = Self.connect(parameters) else { throw PostgresError(.unreachable, "out of memory") }
        guard
            PQstatus(made) == CONNECTION_OK,
            PQsetnonblocking(made, 1) == 0,
            PQenterPipelineMode(made) == 1,
            let canceller = Canceller(made)
        else {
            let message = String(cString: PQerrorMessage(made))
            PQfinish(made)
            throw PostgresError(.unreachable, message, isConnectionLost: true)
        }
        unconfirmed = .allocate(capacity: 1)
        unconfirmed.initialize(to: 0)
        clibpq_watch_notices(made, unconfirmed)
        connection = made
        self.canceller = canceller
    }

    deinit {
        if !isFinished { PQfinish(connection) }
        unconfirmed.deallocate()
    }

    /// Ends the connection; nothing may be asked of it from here on.
    mutating func finish() {
        guard !isFinished else { return }
        isFinished = true
        PQfinish(connection)
    }

    var socket: Int32 { PQsocket(connection) }
    var isAlive: Bool { PQstatus(connection) == CONNECTION_OK }
    /// Whether no transaction is open; `nil` while that isn't known, because statements are in flight.
    var isIdle: Bool? {
        switch PQtransactionStatus(connection) {
        case PQTRANS_IDLE: true
        case PQTRANS_INTRANS, PQTRANS_INERROR: false
        default: nil
        }
    }
    var processID: Int32 { PQbackendPID(connection) }
    var usesTLS: Bool { PQsslInUse(connection) != 0 }

    /// Puts a statement and the end of its group into the buffer; `false` where the connection can't take it.
    func send(_ statement: Statement, as use: StatementNames.Use) -> Bool {
        let types = statement.key.types
        let count = Int32(truncatingIfNeeded: types.count)
        let isSent = statement.arguments.withPointers { values, lengths, formats in
            switch use {
            case .whole:
                return PQsendQueryParams(
                    connection,
                    statement.key.sql,
                    count,
                    types,
                    values,
                    lengths,
                    formats,
                    1
                ) == 1
            case .execute(let name):
                return PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1) == 1
            case .prepare(let name):
                return PQsendPrepare(connection, name, statement.key.sql, count, types) == 1
                    && PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1) == 1
            }
        }
        return isSent && PQpipelineSync(connection) == 1
    }

    /// Sends what the kernel takes; returns whether something is left, `nil` where the connection is lost.
    func flush() -> Bool? {
        switch PQflush(connection) {
        case 0: false
        case 1: true
        default: nil
        }
    }

    /// Takes in what has arrived; `false` where the connection is lost.
    func consumeInput() -> Bool {
        guard PQconsumeInput(connection) == 1 else { return false }
        guard usesTLS else { return true }
        // A record of TLS may leave up to 16 KiB decrypted but unread, of which poll knows nothing; each call takes 8 or more.
        return PQconsumeInput(connection) == 1 && PQconsumeInput(connection) == 1
    }

    /// What there is next, while statements are in flight.
    func nextEvent() -> Event {
        guard PQisBusy(connection) == 0 else { return .nothingYet }
        guard let result = PQgetResult(connection) else { return .separator }
        switch PQresultStatus(result) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
            return .result(StatementResult(result))
        case PGRES_PIPELINE_SYNC:
            PQclear(result)
            return .synced
        case PGRES_PIPELINE_ABORTED:
            PQclear(result)
            return .skipped
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            PQclear(result)
            return .copy
        default:
            defer { PQclear(result) }
            return .refused(Self.error(in: result))
        }
    }

    /// Whether the server has said, since this was last asked, that it no longer waits for its standby.
    func takeUnconfirmed() -> Bool {
        defer { unconfirmed.pointee = 0 }
        return unconfirmed.pointee != 0
    }

    /// What libpq says about the loss of the connection.
    func lossError() -> PostgresError {
        // The server's parting words may have come before the end.
        var last: PostgresError?
        for _ in 0..<4 {
            if case .refused(let error) = nextEvent() { last = error }
        }
        return PostgresError(
            .connectionLost,
            last?.message ?? String(cString: PQerrorMessage(connection)),
            sqlState: last?.sqlState,
            isConnectionLost: true
        )
    }

    private static func connect(_ parameters: [(String, String)]) -> OpaquePointer? {
        let keywords = parameters.map { strdup($0.0) }
        let values = parameters.map { strdup($0.1) }
        defer { for text in keywords + values { free(text) } }
        return PQconnectdbParams(
            keywords.map { UnsafePointer($0) } + [nil],
            values.map { UnsafePointer($0) } + [nil],
            1
        )
    }

    private static func error(in result: OpaquePointer) -> PostgresError {
        func field(_ code: Character) -> String? {
            // libpq names the fields by characters, and by macros that Swift doesn't see.
            guard let ascii = code.asciiValue, let text = PQresultErrorField(result, Int32(ascii)) else { return nil }
            return String(cString: text)
        }
        return PostgresError(
            .refused,
            field("M") ?? String(cString: PQresultErrorMessage(result)),
            sqlState: field("C").map(SQLState.init),
            constraint: field("n"),
            table: field("t")
        )
    }
}

/// Asks the server to cancel what a connection is executing, from any thread.
///
/// Sendable, since libpq promises that its object for this may be used from any thread while nobody frees it.
final class Canceller: @unchecked Sendable {
    private let cancel: OpaquePointer

    init?(_ connection: OpaquePointer) {
        guard let cancel = PQgetCancel(connection) else { return nil }
        self.cancel = cancel
    }

    deinit {
        PQfreeCancel(cancel)
    }

    /// Asks over a connection of its own, which may take as long as connecting takes.
    ///
    /// Where it can't be delivered, the statement goes on, and its connection is given up when its time for ending is over.
    func ask() {
        var message = [CChar](repeating: 0, count: 256)
        PQcancel(cancel, &message, Int32(message.count))
    }
}
