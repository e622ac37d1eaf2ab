import Foundation
import HTTPTypes
import NIOCore
import ParleyCore

/// One client of a cluster, who notes all that is asked and told.
struct FaultClient: Sendable {
    let number: Int
    let cluster: Cluster
    let journal: Journal
    /// Whose client it is; else the one's whose tests these are.
    var token: String?

    /// Beyond what any request may take, and before a test's end.
    private static let patience = TimeAmount.seconds(40)
    /// Between two attempts, so that refusals are not all that is counted.
    private static let pause = Duration.milliseconds(40)

    /// An id, as clients make them.
    static func newID() -> String { UUID().uuidString.lowercased() }

    /// Asks once.
    @discardableResult
    func ask(
        _ kind: Operation.Kind,
        in conversation: String,
        message: String = "",
        text: String? = nil,
        at instance: Int,
        _ call: (LiveCaller) async throws -> Answer
    ) async -> Operation {
        var operation = Operation(client: number, instance: instance, kind: kind, conversation: conversation)
        operation.message = message
        operation.text = text?.byteHash
        operation.start = journal.now
        do {
            var caller = cluster.caller(instance, token: token)
            caller.timeout = Self.patience
            operation.take(try await call(caller))
        } catch {
            operation.outcome = .lost("\(error)")
        }
        await note(&operation)
        return operation
    }

    private func note(_ operation: inout Operation) async {
        operation.end = journal.now
        journal.note(operation)
        // Cancelled, it goes on at once, and finds that it is over.
        if !operation.isDone { try? await Task.sleep(for: Self.pause) }
    }

    func append(_ id: String, _ text: String, to conversation: String, at instance: Int) async -> Operation {
        await ask(.append, in: conversation, message: id, text: text, at: instance) { caller in
            try await caller.post(
                "/api/conversations/\(conversation)/messages",
                ["id": .string(id), "role": "user", "content": .string(text)]
            )
        }
    }

    /// Reads the newest messages: few as the cache has them, more together with the conversation.
    @discardableResult
    func read(_ limit: Int, of conversation: String, at instance: Int) async -> Operation {
        await ask(.read(limit), in: conversation, at: instance) { caller in
            limit <= 15
                ? try await caller.get("/api/conversations/\(conversation)/messages?limit=\(limit)")
                : try await caller.get("/api/conversations/\(conversation)?limit=\(limit)")
        }
    }

    func create(_ conversation: String, in project: String? = nil, at instance: Int) async -> Operation {
        await ask(.create, in: conversation, at: instance) { caller in
            var body = JSONObject()
            body["id"] = .string(conversation)
            body["title"] = "Kept"
            body["project_id"] = project.map { .string($0) }
            return try await caller.post("/api/conversations", .object(body))
        }
    }

    /// Makes a turn, or joins it where it is known already, and follows it to its end.
    func turn(_ id: String, _ text: String, in conversation: String, at instance: Int) async -> Operation {
        await follow(.turn, id, in: conversation, at: instance, text: text) { caller, consume in
            try await caller.stream(
                "/api/chat",
                [
                    "id": .string(id), "conversation_id": .string(conversation), "message": .string(text),
                    "stream": true,
                ],
                consume
            )
        }
    }

    /// Follows a reply from its beginning.
    func follow(_ reply: String, in conversation: String, at instance: Int) async -> Operation {
        await follow(.follow, reply, in: conversation, at: instance) { caller, consume in
            try await caller.stream("/api/chat/\(reply)/stream", nil, consume)
        }
    }

    private func follow(
        _ kind: Operation.Kind,
        _ message: String,
        in conversation: String,
        at instance: Int,
        text: String? = nil,
        _ call: (LiveCaller, (ServerSentEvent) async throws -> Void) async throws -> UInt
    ) async -> Operation {
        var operation = Operation(client: number, instance: instance, kind: kind, conversation: conversation)
        operation.message = message
        operation.text = text?.byteHash
        if kind == .follow { operation.reply = message }
        operation.start = journal.now
        var stream = ShownStream()
        do {
            let status = try await call(cluster.caller(instance, token: token)) { event in
                stream.take(event)
                if event.type == "chat_message", let reply = stream.reply {
                    journal.offer(reply: reply, of: conversation, begunAt: instance)
                }
            }
            operation.outcome = stream.outcome(status)
        } catch {
            operation.outcome = .lost("\(error)")
        }
        // No header tells it within a stream.
        operation.retryAfter = 1
        operation.sights = stream.sights
        operation.pieces = stream.pieces
        operation.reply = stream.reply ?? operation.reply
        await note(&operation)
        return operation
    }
}

/// What a stream has shown.
private struct ShownStream {
    var sights: [Sight] = []
    var reply: String?
    var pieces: [UInt8] = []
    private var isDone = false
    private var error: String?
    private var fault: String?

    mutating func take(_ event: ServerSentEvent) {
        switch event.type {
        case "chat_message":
            guard let message = event.data["message"], let sight = Sight(message) else { return }
            sights.append(sight)
            if message["role"] == "assistant" { reply = sight.id }
        case "message_delta":
            reply = event.data["message_id"]?.stringValue ?? reply
            pieces += (event.data["text"]?.stringValue ?? "").utf8
        case "message_updated":
            guard let message = event.data["message"], let sight = Sight(message) else { return }
            sights.append(sight)
        case "error": error = event.data["error"]?["code"]?.stringValue ?? "unknown"
        case "done": isDone = true
        default: break
        }
    }

    func outcome(_ status: UInt) -> Operation.Outcome {
        if status != 200 { return .answered(Int(status)) }
        if let error { return error == "unavailable" ? .answered(503) : .lost("The stream said \(error).") }
        return isDone ? .answered(200) : .lost("The stream was cut.")
    }
}

extension Operation {
    /// Takes an answer.
    fileprivate mutating func take(_ answer: Answer) {
        outcome = .answered(answer.status.code)
        retryAfter = answer.headers[.retryAfter].flatMap { Int($0) }
        guard isDone else { return }
        let body = answer.json
        if let messages = body["messages"]?.arrayValue {
            sights = messages.compactMap { Sight($0) }
        } else if let sight = Sight(body) {
            sights = [sight]
        }
        if isRead, let count = body["message_count"]?.intValue {
            self.count = count
            revision = body["revision"]?.intValue
        }
    }
}
