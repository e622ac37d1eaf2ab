import HTTPTypes
import Hummingbird
import NIOCore
import ParleyCore
import ParleyLive
import ParleyMetrics
import WebSocketWire

/// `/api/ws` and `/api/events`: what happens, as it happens.
struct LiveRoutes {
    /// The one subprotocol that there is.
    static let subprotocol = "parley.v1"

    private let dependencies: ServerDependencies
    private let hub: LiveHub
    private let door: LiveDoor
    private let groups: SocketGroups
    private let metrics: LiveMetrics

    init(_ dependencies: ServerDependencies, hub: LiveHub) {
        self.dependencies = dependencies
        self.hub = hub
        door = LiveDoor(
            accounts: dependencies.accounts,
            tokens: dependencies.tokens,
            origins: dependencies.origins
        )
        metrics = dependencies.metrics.live
        groups = SocketGroups(metrics: dependencies.metrics.live)
    }

    func add(to api: RouterGroup<ServerContext>) {
        api.get("ws", use: socket)
        api.get("events", use: stream)
    }

    @Sendable private func socket(_ request: Request, _ context: ServerContext) async throws -> Response {
        // Before what the request looks like: whoever is nobody learns nothing.
        let caller = try await door.caller(of: request, in: context)
        try door.checkOrigin(of: request, for: caller)
        guard request.hasNoBody else { throw ParleyError(.invalidRequest, "A WebSocket begins without a body.") }
        let upgrade: WebSocketUpgrade
        do throws(WebSocketUpgradeRefusal) {
            upgrade = try WebSocketUpgrade(
                method: request.method.rawValue,
                subprotocols: [Self.subprotocol],
                allowsDeflate: dependencies.allowsDeflate,
                values: { name in HTTPField.Name(name).map { request.headers[values: $0] } ?? [] }
            )
        } catch {
            return error.response(in: context)
        }
        let session = try hub.admit(caller.identity, by: caller.credential, greets: true)
        var headers = [(name: "X-Request-ID", value: context.requestID)]
        if let cookie = caller.renewedCookie { headers.append((name: "Set-Cookie", value: cookie.description)) }
        let (groups, metrics) = (groups, metrics)
        do {
            return try await SocketUpgrade.perform(
                upgrade,
                headers: headers,
                on: context.channel,
                loops: groups.loops
            ) {
                SocketDelegate(session, groups: groups, metrics: metrics)
            }
        } catch {
            session.ended()
            // A client that has left takes its connection's handlers along.
            guard context.channel.isActive else {
                throw ParleyError(.invalidRequest, "The client has left.", cause: error)
            }
            throw error
        }
    }

    @Sendable private func stream(_ request: Request, _ context: ServerContext) async throws -> Response {
        let caller = try await door.caller(of: request, in: context)
        // A page of another site can't read the answer; but it could keep places taken.
        if request.headers[.origin] != nil { try door.checkOrigin(of: request, for: caller) }
        let query = Query(request)
        let conversation: ConversationID? = try query.reference("conversation_id")
        let revision: Int?
        if let conversation {
            revision = try await dependencies.store.checking(.read, to: conversation, as: caller.identity) {
                () throws(ParleyError) in try query.integer("since_revision", in: 0...Int.max)
            }
            // `checking` asks the store only where a field is wrong.
            try await dependencies.store.authorize(.read, to: conversation, as: caller.identity)
        } else {
            revision = try query.integer("since_revision", in: 0...Int.max)
            guard revision == nil else {
                throw ParleyError.invalid("conversation_id", "since_revision needs a conversation_id.")
            }
        }
        guard request.method == .get else { return Response(status: .ok, headers: Response.streamHeaders) }
        let session = try hub.admit(caller.identity, by: caller.credential, only: conversation, greets: false)
        var response = Response.live(session, since: revision, for: request, in: context, metrics: metrics)
        if let cookie = caller.renewedCookie { response.setCookie(cookie) }
        return response
    }
}

extension Request {
    /// Whether nothing follows the header fields.
    fileprivate var hasNoBody: Bool {
        headers[.transferEncoding] == nil && (headers[.contentLength] ?? "0") == "0"
    }
}

extension WebSocketUpgradeRefusal {
    /// The refusal in the envelope of all errors.
    fileprivate func response(in context: ServerContext) -> Response {
        var writer = JSONWriter()
        writer.object { $0.error(ParleyError(.invalidRequest, message), requestID: context.requestID) }
        var response = Response(
            status: .init(code: status),
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes))
        )
        for header in headers {
            if let name = HTTPField.Name(header.name) { response.headers[name] = header.value }
        }
        return response
    }
}
