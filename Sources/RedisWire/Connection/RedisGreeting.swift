/// What is said on a connection before it is used: RESP3 where the server speaks it, else RESP2; who one is; which database.
struct RedisGreeting {
    let connection: RedisConnection
    let credentials: RedisURL.Credentials?
    let clientName: String?
    let database: Int
    /// When all of it must be done.
    let deadline: ContinuousClock.Instant

    /// Says it all.
    func run() async throws(RedisError) {
        if try await !speakRESP3() { try await speakRESP2() }
        if database != 0 { try await say(["SELECT", .integer(database)], "chooses the database") }
    }

    /// `false` when the server speaks only RESP2, or the user may not choose.
    private func speakRESP3() async throws(RedisError) -> Bool {
        var hello: [RedisArgument] = ["HELLO", "3"]
        if let credentials {
            hello += ["AUTH", .string(credentials.user ?? "default"), .string(credentials.password)]
        }
        if let clientName { hello += ["SETNAME", .string(clientName)] }
        do throws(RedisError) {
            try await say(RedisCommand(hello), "greets")
            return true
        } catch
            where error.serverCode == .generic || error.serverCode == .noProtocol || error.serverCode == .noPermission
        {
            return false
        }
    }

    private func speakRESP2() async throws(RedisError) {
        if let credentials {
            let user = credentials.user.map { [RedisArgument.string($0)] } ?? []
            try await say(RedisCommand(["AUTH"] + user + [.string(credentials.password)]), "logs in")
        }
        guard let clientName else { return }
        do throws(RedisError) {
            try await say(["CLIENT", "SETNAME", .string(clientName)], "names itself")
        } catch  where error.code == .server {
            // A name helps who looks at the server; a server that doesn't take it is as good.
        }
    }

    private func say(_ command: RedisCommand, _ what: String) async throws(RedisError) {
        do throws(RedisError) {
            _ = try await connection.send(command, within: max(.zero, ContinuousClock.now.duration(to: deadline)))
        } catch  where error.code == .server {
            // Redis repeats the arguments of what it doesn't know, among them the password.
            let kind = error.serverCode ?? .generic
            throw RedisError(.server, "Redis answers \(kind) to a client that \(what).", serverCode: kind)
        }
    }
}
