import HTTPTypes
import Hummingbird
import NIOCore
import ParleyCore

/// `/api/conversations/{id}/messages`: the log, edits, versions, deletion and reactions.
struct MessageRoutes {
    private let dependencies: ServerDependencies
    private var store: any ConversationStore { dependencies.store }

    init(_ dependencies: ServerDependencies) {
        self.dependencies = dependencies
    }

    func add(to api: RouterGroup<ServerContext>) {
        let messages = api.group("conversations/:id/messages")
        messages.get(use: list)
        messages.post(use: append)
        messages.patch(":mid", use: edit)
        messages.delete(":mid", use: delete)
        messages.get(":mid/versions", use: versions)
        messages.put(":mid/reactions/:emoji") { try await react($0, $1, present: true) }
        messages.delete(":mid/reactions/:emoji") { try await react($0, $1, present: false) }
    }

    @Sendable private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.conversationID, context.identity)
        let query = Query(request)
        let (range, limit, rendering) = try await store.checking(.read, to: id, as: identity) {
            () throws(ParleyError) in
            (try query.messageRange(), try query.limit(), try query.rendering())
        }
        if let log = dependencies.encodedLog, rendering == nil, range == .newest, limit <= log.encodedLimit {
            return .messages(try await log.encodedNewestMessages(in: id, limit: limit, as: identity))
        }
        let page = try await store.messages(in: id, range, limit: limit, as: identity)
        let rendered = await RenderedMessages(of: page.messages, rendering, in: dependencies.rendering)
        return .json(capacity: page.wireBytes + rendered.wireBytes) { writer in
            writer.object { writer in
                writer.messages(page.messages, rendered)
                writer.member("has_more", page.hasMore)
            }
        }
    }

    @Sendable private func append(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.conversationID, context.identity)
        let body = try await request.jsonBody(in: context, maximumBytes: Limits.messageBodyBytes)
        let (messages, expected) = try await store.checking(.write, to: id, as: identity) { () throws(ParleyError) in
            (try NewMessage.all(in: body), try body.expectedRevision())
        }
        try await dependencies.spend(.appends, of: identity)
        let commit = try await store.tellingMissed(since: expected, in: id, as: identity) {
            try await store.appendMessages(messages, to: id, expectedRevision: expected, as: identity)
        }
        return .created(commit) { $0.object { $0.messages(commit.value) } }
    }

    @Sendable private func edit(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, message, identity) = try (context.conversationID, context.messageID, context.identity)
        let body = try await request.jsonBody(in: context, maximumBytes: Limits.messageBodyBytes)
        let (changes, expected) = try await store.checking(.write, to: message, in: id, as: identity) {
            () throws(ParleyError) in
            (try MessageChanges(body), try body.expectedRevision())
        }
        try await dependencies.spend(.appends, of: identity)
        let commit = try await store.tellingMissed(since: expected, in: id, as: identity) {
            try await store.editMessage(message, in: id, changes, expectedRevision: expected, as: identity)
        }
        return .json { $0.message(commit.value) }
    }

    @Sendable private func delete(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, message, identity) = try (context.conversationID, context.messageID, context.identity)
        let expected = try await expectedRevision(request, message, in: id, as: identity)
        let commit = try await store.tellingMissed(since: expected, in: id, as: identity) {
            try await store.deleteMessage(message, in: id, expectedRevision: expected, as: identity)
        }
        return .json { $0.message(commit.value) }
    }

    @Sendable private func versions(_ request: Request, _ context: ServerContext) async throws -> Response {
        let versions = try await store.versions(
            of: try context.messageID,
            in: try context.conversationID,
            as: context.identity
        )
        return .json { writer in
            writer.object { writer in
                writer.name("versions")
                writer.array { for version in versions { $0.version(version) } }
            }
        }
    }

    private func react(_ request: Request, _ context: ServerContext, present: Bool) async throws -> Response {
        let (id, message, identity) = try (context.conversationID, context.messageID, context.identity)
        let expected = try await expectedRevision(request, message, in: id, as: identity)
        let text = try context.pathText("emoji")
        let emoji = try await store.checking(.write, to: message, in: id, as: identity) { () throws(ParleyError) in
            try Rules.emoji(text)
        }
        let commit = try await store.tellingMissed(since: expected, in: id, as: identity) {
            try await store.setReaction(
                emoji,
                present: present,
                on: message,
                in: id,
                expectedRevision: expected,
                as: identity
            )
        }
        return .json { $0.message(commit.value) }
    }

    /// `expected_revision` of a call without a body.
    private func expectedRevision(
        _ request: Request,
        _ message: MessageID,
        in conversation: ConversationID,
        as identity: Identity
    ) async throws -> Int? {
        let query = Query(request)
        return try await store.checking(.write, to: message, in: conversation, as: identity) { () throws(ParleyError) in
            try query.expectedRevision()
        }
    }
}

extension Response {
    /// A page whose messages are written already; byte by byte what the writer would make of their values.
    fileprivate static func messages(_ page: EncodedMessagePage) -> Response {
        var body = ByteBuffer()
        body.reserveCapacity(page.messages.count + 40)
        body.writeString("{\"messages\":")
        body.writeBytes(page.messages)
        body.writeString(",\"has_more\":\(page.hasMore)}")
        return .json(body: body)
    }
}

extension ServerContext {
    /// The message in the path.
    var messageID: MessageID {
        get throws { try pathID("mid") }
    }
}

extension Query {
    fileprivate func messageRange() throws(ParleyError) -> MessageRange {
        let before = try integer("before_seq", in: 0...Int.max)
        let after = try integer("after_seq", in: 0...Int.max)
        switch (before, after) {
        case (nil, nil): return .newest
        case (let before?, nil): return .before(before)
        case (nil, let after?): return .after(after)
        case (.some, .some): throw .invalid("after_seq", "before_seq and after_seq can't both be given.")
        }
    }
}

extension MessageChanges {
    /// Reads what changes in a message.
    ///
    /// Its role is not known here, so its text is held to the larger of the roles' limits.
    fileprivate init(_ body: Fields) throws(ParleyError) {
        let content = try body.string("content")
        if let content { try Rules.content(content, of: .assistant) }
        self.init(
            content: content,
            metadata: try body.object("metadata").map { object throws(ParleyError) in try Rules.metadata(object) }
        )
    }
}
