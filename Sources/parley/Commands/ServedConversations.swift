import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import ParleyCore
import ParleyTransfer

/// The new store as its public API shows it.
struct ServedConversations: MigratedConversations {
    private let client: HTTPClient
    private let server: String
    private let token: String

    let means = "api"
    /// A page of a hundred answers of the longest kind, escaped.
    private static let pageBytes = 512 * 1024 * 1024
    /// How often a server that is busy is asked again.
    private static let attempts = 10

    /// Gives `body` the API of a server for as long as it runs.
    static func with<Value>(
        _ server: String,
        token: String,
        _ body: (ServedConversations) async throws -> Value
    ) async throws -> Value {
        guard server.hasPrefix("http://") || server.hasPrefix("https://") else {
            throw ParleyError.invalid("server", "--server must begin with http:// or https://.")
        }
        let client = Wiring.httpClient()
        let base = server.hasSuffix("/") ? String(server.dropLast()) : server
        do {
            let value = try await body(ServedConversations(client: client, server: base, token: token))
            try await client.shutdown()
            return value
        } catch {
            try await client.shutdown()
            throw error
        }
    }

    private init(client: HTTPClient, server: String, token: String) {
        self.client = client
        self.server = server
        self.token = token
    }

    func messages(in conversation: ConversationID, after seq: Int, limit: Int) async throws -> MessagePage {
        var request = HTTPClientRequest(
            url: "\(server)/api/conversations/\(conversation)/messages?after_seq=\(seq)&limit=\(limit)"
        )
        request.headers.add(name: "Authorization", value: "Bearer \(token)")
        for _ in 0..<Self.attempts {
            let (status, wait, body) = try await send(request)
            switch status {
            case 200: return try Self.page(body)
            case 404: throw ParleyError.notFound
            // As the server asks in Retry-After.
            case 429, 503: try await Task.sleep(for: .seconds(wait))
            default: throw ParleyError.unavailable("\(server) answered with status \(status).")
            }
        }
        throw ParleyError.unavailable("\(server) is too busy.")
    }

    private func send(_ request: HTTPClientRequest) async throws -> (status: UInt, wait: Int, body: ByteBuffer) {
        do {
            let response = try await client.execute(request, timeout: .seconds(60))
            let wait = response.headers.first(name: "Retry-After").flatMap { Int($0) } ?? 1
            return (response.status.code, min(wait, 60), try await response.body.collect(upTo: Self.pageBytes))
        } catch {
            throw ParleyError.unavailable("\(server) can't be reached.", cause: error)
        }
    }

    private static func page(_ body: ByteBuffer) throws -> MessagePage {
        guard let value = try? JSON(parsing: body.readableBytesView),
            let list = value["messages"]?.arrayValue, let hasMore = value["has_more"]?.boolValue
        else { throw ParleyError.unavailable("The server answered with something else than messages.") }
        return MessagePage(
            messages: try list.map { element in
                guard let message = Message(wire: element) else {
                    throw ParleyError.unavailable("The server answered with something else than messages.")
                }
                return message
            },
            hasMore: hasMore
        )
    }
}
