/// A statement with its arguments, ready to be sent.
struct Statement: Sendable {
    let key: StatementNames.Key
    let arguments: ArgumentList
    /// Whether it is worth a name: what is said once isn't.
    let isPrepared: Bool

    /// Encodes the arguments.
    ///
    /// - Throws: A `PostgresError` of the kind `argument` where one of them, or the statement itself, can't be sent.
    init(_ sql: String, _ arguments: [any PostgresEncodable], isPrepared: Bool) throws(PostgresError) {
        guard !sql.utf8.contains(0) else { throw PostgresError(.argument, "a statement holds NUL") }
        let list = try ArgumentList(arguments)
        self.arguments = list
        self.isPrepared = isPrepared
        key = StatementNames.Key(sql: sql, types: list.types)
    }
}
