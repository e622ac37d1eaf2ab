import NIOCore
import NIOHTTP1
import ParleyCore
import Synchronization

/// Answers the requests of one connection.
final class Answering: Sendable {
    private let upstream: Upstream
    private let writer: AnswerWriter
    private let closesNext = Mutex(false)

    init(upstream: Upstream, writer: AnswerWriter) {
        self.upstream = upstream
        self.writer = writer
    }

    /// Answers a request; returns whether the connection goes on.
    func answer(_ request: Connection.Request) async throws -> Bool {
        let path = String(request.head.uri.prefix { $0 != "?" })
        if path == "/control" || path.hasPrefix("/control/") {
            let answer = upstream.control(request.head.method, path, Array(request.body.readableBytesView))
            try await writer.respond(answer.status, body: answer.body.serialized)
            return request.head.isKeepAlive
        }
        guard isAllowed(request.head) else {
            try await refuse(401, "Incorrect API key provided.", code: "invalid_api_key")
            return request.head.isKeepAlive
        }
        switch (request.head.method, path) {
        case (.GET, "/v1/models"):
            try await writer.respond(200, body: upstream.models.serialized)
        case (.POST, "/v1/chat/completions"):
            guard try await complete(request) else { return false }
        default:
            try await refuse(404, "There is no \(request.head.method.rawValue) \(path).", code: "unknown_url")
        }
        return request.head.isKeepAlive
    }

    private func isAllowed(_ head: HTTPRequestHead) -> Bool {
        guard let key = upstream.settings.apiKey else { return true }
        return head.headers.first(name: "Authorization") == "Bearer \(key)"
    }

    private func complete(_ http: Connection.Request) async throws -> Bool {
        let request = CompletionRequest((try? JSON(parsing: http.body.readableBytesView)) ?? .null)
        var headers: [String: String] = [:]
        for (name, value) in http.head.headers where name.lowercased() != "authorization" {
            headers[name.lowercased()] = value
        }
        let id = upstream.log.add("\(http.head.method.rawValue) \(http.head.uri)", headers, request)
        // Whatever is thrown comes of a client that has left; one that has ended otherwise has said so before.
        defer { upstream.log.end(id, .clientLeft) }
        let behaviour: Behaviour
        do {
            behaviour = try upstream.armory.behaviour(for: request, header: headers["x-upstream-behaviour"])
        } catch {
            upstream.log.answer(id, status: 400)
            try await refuse(400, error.description, code: "unknown_behaviour")
            upstream.log.end(id, .whole)
            return true
        }
        if let cut = behaviour.drop ?? (closesNext.withLock { $0 } ? .fin : nil) {
            upstream.log.end(id, .cut)
            try await writer.cut(cut)
            return false
        }
        if behaviour.closesNext { closesNext.withLock { $0 = true } }
        let completion = Completion(upstream: upstream, writer: writer, id: id, request: request, behaviour: behaviour)
        if let refusal = completion.refusal {
            upstream.log.answer(id, status: refusal.status)
            try await refuse(refusal.status, refusal.message, code: refusal.code, completion.retryAfter)
            upstream.log.end(id, .whole)
            return true
        }
        return try await completion.write()
    }

    private func refuse(
        _ status: Int,
        _ message: String,
        code: String,
        _ headers: [(String, String)] = []
    ) async throws {
        let type = status == 429 ? "requests" : status >= 500 ? "server_error" : "invalid_request_error"
        let body: JSON = [
            "error": ["message": .string(message), "type": .string(type), "param": .null, "code": .string(code)]
        ]
        try await writer.respond(status, headers, body: body.serialized)
    }
}
