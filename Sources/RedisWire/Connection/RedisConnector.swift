import Logging
import NIOCore
import NIOPosix
import NIOSSL

/// Makes connections that are ready for use: encrypted, greeted, logged in, and at the right database.
struct RedisConnector: Sendable {
    private(set) var configuration: RedisConfiguration
    private let tls: NIOSSLContext?
    private let group: any EventLoopGroup
    private let logger: Logger
    private let onPush: (@Sendable (RedisReply) -> Void)?

    /// Makes a connector, and reads the files of TLS.
    init(
        _ configuration: RedisConfiguration,
        group: any EventLoopGroup,
        logger: Logger,
        onPush: (@Sendable (RedisReply) -> Void)? = nil
    ) throws(RedisError) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        self.onPush = onPush
        tls = try configuration.url.tls.map { (settings) throws(RedisError) in try Self.context(settings) }
    }

    /// How long it may take until a connection is ready.
    var connectTimeout: Duration { configuration.connectTimeout }

    /// A connector of the same settings for one server.
    func aimed(at endpoint: RedisEndpoint) -> RedisConnector {
        var other = self
        other.configuration.url.target = .server(endpoint)
        return other
    }

    /// Connects to the server, as the configuration says where it is.
    func connect() async throws(RedisError) -> RedisConnection {
        let connection: RedisConnection
        switch configuration.url.target {
        case .server(let endpoint): connection = try await open(endpoint)
        case .sentinels(let sentinels, let name):
            let endpoint = try await master(name, byAnyOf: sentinels)
            connection = try await open(endpoint)
            try await checkRole(of: connection, endpoint)
        case .cluster(let nodes): return try await connect(toAnyOf: nodes)
        }
        logger.debug("Connected to Redis", metadata: ["redis.endpoint": "\(connection.endpoint)"])
        return connection
    }

    /// Where the master is at present, by the first Sentinel that knows.
    func master(_ name: String, byAnyOf sentinels: [RedisEndpoint]) async throws(RedisError) -> RedisEndpoint {
        var failure = RedisError(.notConnected, "No Sentinel is named.")
        for sentinel in sentinels {
            do throws(RedisError) {
                return try await master(name, by: sentinel)
            } catch {
                failure = error
            }
        }
        throw RedisError(.notConnected, "No Sentinel names the master.", cause: failure)
    }

    private func master(_ name: String, by sentinel: RedisEndpoint) async throws(RedisError) -> RedisEndpoint {
        let connection = try await open(sentinel, credentials: configuration.url.sentinelCredentials, database: 0)
        defer { connection.close() }
        let answer = try await connection.send(
            ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", .string(name)],
            within: configuration.connectTimeout
        )
        guard let host = answer.elements[0]?.string, let port = answer.elements[1]?.integer, 1...65535 ~= port else {
            throw RedisError(.notConnected, "The Sentinel at \(sentinel) knows no such master.")
        }
        return RedisEndpoint(host: host, port: Int(port))
    }

    /// A Sentinel may still name the server that was the master before.
    private func checkRole(of connection: RedisConnection, _ endpoint: RedisEndpoint) async throws(RedisError) {
        do throws(RedisError) {
            let role = try await connection.send(["ROLE"], within: configuration.connectTimeout)
            guard role.elements[0]?.string == "master" else {
                throw RedisError(.notConnected, "The server at \(endpoint) is not the master.")
            }
        } catch {
            connection.close()
            throw error
        }
    }

    private func open(_ endpoint: RedisEndpoint) async throws(RedisError) -> RedisConnection {
        try await open(endpoint, credentials: configuration.url.credentials, database: configuration.url.database)
    }

    private func open(
        _ endpoint: RedisEndpoint,
        credentials: RedisURL.Credentials?,
        database: Int
    ) async throws(RedisError) -> RedisConnection {
        let start = ContinuousClock.now
        let connection: RedisConnection
        do {
            connection = try await bootstrap(endpoint)
        } catch {
            throw RedisError(.notConnected, "There is no connection to \(endpoint).", cause: error)
        }
        let greeting = RedisGreeting(
            connection: connection,
            credentials: credentials,
            clientName: configuration.clientName,
            database: database,
            deadline: start + configuration.connectTimeout
        )
        do throws(RedisError) {
            try await greeting.run()
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    private func bootstrap(_ endpoint: RedisEndpoint) async throws -> RedisConnection {
        let serverName = configuration.url.tls?.serverName ?? endpoint.host
        return try await ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.socketOption(.so_keepalive), value: 1)
            // A page of messages comes in one read; large buffers are only for who asks for much.
            .channelOption(
                .recvAllocator,
                value: AdaptiveRecvByteBufferAllocator(minimum: 4096, initial: 16 * 1024, maximum: 256 * 1024)
            )
            .connect(host: endpoint.host, port: endpoint.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        // TLS has no names for addresses: without one, the certificate must name the address itself.
                        let name = Self.isAddress(serverName) ? nil : serverName
                        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
                    }
                    let outbox = Outbox(maxCommands: configuration.maxCommands, maxBytes: configuration.maxBytes)
                    let handler = RESPHandler(outbox: outbox, limits: configuration.limits, onPush: onPush)
                    try pipeline.addHandler(handler)
                    return RedisConnection(
                        endpoint: endpoint,
                        channel: channel,
                        handler: NIOLoopBound(handler, eventLoop: channel.eventLoop),
                        outbox: outbox,
                        commandTimeout: configuration.commandTimeout
                    )
                }
            }
    }

    private static func isAddress(_ host: String) -> Bool {
        // What can't be read as an address is a name.
        (try? SocketAddress(ipAddress: host, port: 0)) != nil
    }

    private static func context(_ settings: RedisURL.TLS) throws(RedisError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let file = settings.authorityFile { configuration.trustRoots = .file(file) }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw RedisError(.invalidConfiguration, "The certificates to trust can't be read.", cause: error)
        }
    }
}
