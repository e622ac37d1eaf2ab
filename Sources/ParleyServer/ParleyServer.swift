public import Hummingbird
import HummingbirdCore
import NIOCore
import ParleyCore
import ParleyWeb

/// The HTTP face of Parley.
public enum ParleyServer {
    /// Where the server listens.
    public struct Address: Sendable {
        /// A host's name or address.
        public var host: String
        /// A port; 0 lets the system choose.
        public var port: Int

        /// Makes an address.
        public init(host: String = "127.0.0.1", port: Int = 8080) {
            self.host = host
            self.port = port
        }
    }

    /// All routes, behind the middleware that every answer passes.
    public static func router(_ dependencies: ServerDependencies) -> Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestMetrics(dependencies.metrics))
        router.add(middleware: ResponseFinisher(ids: dependencies.ids))
        router.add(middleware: RequestGate(proxies: dependencies.proxies))
        HealthRoutes(checks: dependencies.checks).add(to: router)
        DocumentRoutes(assets: dependencies.assets).add(to: router)
        if let page = dependencies.metrics.page { MetricsRoutes(page: page).add(to: router) }

        let api = router.group("api")
        let door = Authentication(
            accounts: dependencies.accounts,
            tokens: dependencies.tokens,
            origins: dependencies.origins
        )
        let quick = api.group()
        if let log = SlowRequestLog(dependencies.metrics) { quick.add(middleware: log) }
        AuthRoutes(
            accounts: dependencies.accounts,
            origins: dependencies.origins,
            operators: dependencies.desk?.people ?? []
        )
        .add(to: quick, behind: door)
        let inside = quick.group().add(middleware: door)
        ConversationRoutes(dependencies).add(to: inside)
        ReadRoutes(store: dependencies.store).add(to: inside)
        MessageRoutes(dependencies).add(to: inside)
        RenderRoutes(dependencies).add(to: inside)
        ProjectRoutes(dependencies).add(to: inside)
        SearchRoutes(dependencies).add(to: inside)
        LegacyRoutes(dependencies).add(to: inside)
        OperatorRoutes(desk: dependencies.desk).add(to: inside)
        // These last as long as their clients, wait for a model, or take what is large, and are not slow for that.
        if let hub = dependencies.live { LiveRoutes(dependencies, hub: hub).add(to: api) }
        let unhurried = api.group().add(middleware: door)
        ChatRoutes(dependencies).add(to: unhurried)
        if let erasure = dependencies.erasure { AccountRoutes(dependencies, erasure).add(to: unhurried) }
        ImportRoutes(dependencies).add(to: unhurried)
        ExportRoutes(dependencies).add(to: unhurried)
        return router
    }

    /// The server as a service; `onRunning` is told the port once it listens.
    public static func application(
        _ dependencies: ServerDependencies,
        address: Address,
        onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) -> some ApplicationProtocol {
        let http = HTTP1Channel.Configuration(
            idleTimeout: TimeAmount(Limits.idleTimeout),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: Limits.headerBytes,
                maxHeaderListSize: Limits.headerBytes,
                maxHeaderFieldCount: Limits.headerFields
            )
        )
        return Application(
            router: router(dependencies),
            server: .http1(configuration: http),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port),
                availableConnectionsDelegate: MaximumAvailableConnections(Limits.connections)
            ),
            onServerRunning: { await onRunning($0.localAddress?.port ?? address.port) },
            logger: dependencies.logger
        )
    }
}
