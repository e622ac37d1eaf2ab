import HTTPTypes
import ParleyCore
import Testing

/// Calls the API as one person.
struct Caller: Sendable {
    let client: ServerClient
    var headers: HTTPFields

    func get(_ path: String, headers: HTTPFields = [:]) async throws -> Answer {
        try await call(.get, path, headers: headers)
    }

    func post(_ path: String, _ body: JSON? = nil) async throws -> Answer {
        try await call(.post, path, body: body?.serialized)
    }

    func patch(_ path: String, _ body: JSON) async throws -> Answer {
        try await call(.patch, path, body: body.serialized)
    }

    func put(_ path: String, _ body: JSON? = nil) async throws -> Answer {
        try await call(.put, path, body: body?.serialized)
    }

    func delete(_ path: String) async throws -> Answer {
        try await call(.delete, path)
    }

    /// Calls with a body of any bytes, as JSON unless `headers` says otherwise.
    func call(
        _ method: HTTPRequest.Method,
        _ path: String,
        headers extra: HTTPFields = [:],
        body: [UInt8]? = nil
    ) async throws -> Answer {
        var headers = headers
        if body != nil { headers[.contentType] = "application/json" }
        for field in extra { headers[field.name] = field.value }
        return try await client.answer(to: method, path, headers: headers, body: body)
    }

    /// Makes a conversation and returns its id.
    func makeConversation(_ body: JSON = [:]) async throws -> String {
        let answer = try await post("/api/conversations", body)
        try #require(answer.status == .created)
        return try #require(answer["id"]?.stringValue)
    }

    /// Appends a user's message and returns its id.
    func say(_ text: String, in conversation: String) async throws -> String {
        let answer = try await post(
            "/api/conversations/\(conversation)/messages",
            ["role": "user", "content": .string(text)]
        )
        try #require(answer.status == .created)
        return try #require(answer["messages"]?[0]?["id"]?.stringValue)
    }
}

/// What came back.
struct Answer: Sendable {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let bytes: [UInt8]

    /// The body as JSON; `null` where it is none.
    var json: JSON {
        do { return try JSON(parsing: bytes) } catch { return .null }
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    subscript(name: String) -> JSON? { json[name] }

    /// `error.code`.
    var code: String? { self["error"]?["code"]?.stringValue }

    /// `error.param`.
    var parameter: String? { self["error"]?["param"]?.stringValue }

    /// The body without what differs from request to request.
    var withoutRequestID: JSON {
        guard case .object(var object) = json, case .object(var error)? = object["error"] else { return json }
        error["request_id"] = nil
        object["error"] = .object(error)
        return .object(object)
    }

    /// The events of a stream, in order.
    var events: [ServerSentEvent] { ServerSentEvent.parse(text) }
}

extension JSON {
    subscript(index: Int) -> JSON? {
        guard let elements = arrayValue, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}

/// One event of a stream.
struct ServerSentEvent: Hashable, Sendable {
    var type = ""
    var id: String?
    var data: JSON = .null

    static func parse(_ text: String) -> [ServerSentEvent] {
        text.split(separator: "\n\n").compactMap { frame in
            var event = ServerSentEvent()
            for line in frame.split(separator: "\n") where !line.hasPrefix(":") {
                let halves = line.split(separator: ":", maxSplits: 1).map { $0.drop { $0 == " " } }
                guard halves.count == 2 else { continue }
                switch halves[0] {
                case "event": event.type = String(halves[1])
                case "id": event.id = String(halves[1])
                case "data": event.data = (try? JSON(parsing: String(halves[1]))) ?? .null
                default: break
                }
            }
            return event.type.isEmpty ? nil : event
        }
    }
}
