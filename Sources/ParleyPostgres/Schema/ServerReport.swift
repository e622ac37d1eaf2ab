internal import LibPQ
internal import ParleyCore

/// What a server says of itself when it is first met.
struct ServerReport: Hashable {
    /// The oldest server that will do, as `server_version_num` says it.
    static let oldestVersion = 150_000

    let version: Int
    let encoding: String
    let isStandby: Bool
    let isReadOnly: Bool
    let fsync: String
    let fullPageWrites: String
    let synchronousCommit: String

    /// Asks a server.
    static func of(_ connection: PostgresConnection) async throws -> ServerReport {
        let report = try await connection.first(
            """
            SELECT current_setting('server_version_num')::int8, current_setting('server_encoding'),
                pg_is_in_recovery(), current_setting('transaction_read_only')::bool, current_setting('fsync'),
                current_setting('full_page_writes'), current_setting('synchronous_commit')
            """,
            []
        ) {
            ServerReport(
                version: try $0.next(),
                encoding: try $0.next(),
                isStandby: try $0.next(),
                isReadOnly: try $0.next(),
                fsync: try $0.next(),
                fullPageWrites: try $0.next(),
                synchronousCommit: try $0.next()
            )
        }
        guard let report else { throw ParleyError.unavailable("PostgreSQL does not say what it is.") }
        return report
    }

    /// Refuses a server that conversations can't be kept in.
    func requireUsable() throws(ParleyError) {
        guard version >= Self.oldestVersion else {
            throw .unavailable(
                "PostgreSQL 15 or later is needed; this is \(version / 10_000).",
                retryAfter: StoreFault.mendingTime
            )
        }
        guard encoding == "UTF8" else {
            throw .unavailable(
                "The database's encoding must be UTF8; it is \(encoding).",
                retryAfter: StoreFault.mendingTime
            )
        }
    }

    /// Settings of the server under which an acknowledged write may be lost, in a sentence each.
    var warnings: [String] {
        var warnings: [String] = []
        if fsync != "on" { warnings.append("fsync is \(fsync): a crash of the machine may destroy the database.") }
        if fullPageWrites != "on" {
            warnings.append("full_page_writes is \(fullPageWrites): a crash of the machine may damage the database.")
        }
        if !["on", "remote_apply"].contains(synchronousCommit) {
            warnings.append("synchronous_commit is \(synchronousCommit): a crash may lose acknowledged writes.")
        }
        return warnings
    }
}
