import HTTPTypes
import Hummingbird
import ParleyChat
import ParleyCore

/// `/api/chat`: turns with the model, as one answer or as a stream.
struct ChatRoutes {
    private let dependencies: ServerDependencies
    private var chat: ChatService { dependencies.chat }
    private var store: any ConversationStore { dependencies.store }

    init(_ dependencies: ServerDependencies) {
        self.dependencies = dependencies
    }

    func add(to api: RouterGroup<ServerContext>) {
        let chat = api.group("chat")
        chat.post { try await turn($0, $1, usesTools: false) }
        chat.post("agent") { try await turn($0, $1, usesTools: true) }
        chat.get("options", use: options)
        chat.get(":mid/stream", use: resume)
        chat.post(":mid/stop", use: stop)
        chat.post(":mid/regenerate", use: regenerate)
    }

    private func turn(
        _ request: Request,
        _ context: ServerContext,
        usesTools: Bool
    ) async throws -> Response {
        let identity = try context.identity
        let body = try await request.jsonBody(in: context, maximumBytes: Limits.messageBodyBytes)
        let conversation: ConversationID? = try body.reference("conversation_id") ?? body.reference("session_id")
        let project: ProjectID? = try body.reference("project_id")
        let fields = { () throws(ParleyError) in try TurnFields(body, conversation: conversation, project: project) }
        let input =
            if let conversation {
                try await store.checking(.write, to: conversation, as: identity, fields)
            } else {
                try await store.checking(.write, to: project, as: identity, fields)
            }
        if let conversation, let project { try await check(conversation, isIn: project, as: identity) }
        let address = request.clientAddress(in: context)
        try await dependencies.spend(.turns, of: identity, at: address)
        if conversation == nil { try await dependencies.spend(.newConversations, of: identity, at: address) }
        let expected = input.expectedRevision
        let commit = try await store.tellingMissed(
            since: expected,
            in: try await place(of: input.request, as: identity),
            as: identity
        ) {
            try await chat.begin(
                input.request,
                options: TurnOptions(filters: input.filters, usesTools: usesTools),
                expectedRevision: expected,
                as: identity
            )
        }
        return try await answer(commit, streamed: request.wantsEvents(input.stream), context)
    }

    /// The conversation of a turn: the one it names, or the one that its first try has made.
    private func place(of turn: TurnRequest, as identity: Identity) async throws -> ConversationID {
        if let conversation = turn.conversationID { return conversation }
        guard let message = turn.message.id else { throw ParleyError.notFound }
        return try await store.replyProgress(of: message, after: .max, as: identity).message.conversationID
    }

    /// A conversation lives in one project: a turn that names another one is a mistake.
    private func check(
        _ conversation: ConversationID,
        isIn project: ProjectID,
        as identity: Identity
    ) async throws {
        _ = try await store.project(project, as: identity)
        let home = try await store.conversation(conversation, newestMessages: 1, as: identity).conversation.projectID
        guard home == project else {
            throw ParleyError.invalid("project_id", "The conversation is in another project.")
        }
    }

    @Sendable private func regenerate(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.messageID, context.identity)
        let (body, query) = (try await request.jsonBody(in: context), Query(request))
        let conversation = try await store.replyProgress(of: id, after: .max, as: identity).message.conversationID
        let (options, stream, expected) = try await store.checking(.write, to: conversation, as: identity) {
            () throws(ParleyError) in
            let expected = try body.expectedRevision()
            return (
                TurnOptions(
                    model: try body.string("model").map { text throws(ParleyError) in try Rules.model(text) },
                    filters: try body.filters()
                ),
                try body.bool("stream"), expected == nil ? try query.expectedRevision() : expected
            )
        }
        try await dependencies.spend(.turns, of: identity, at: request.clientAddress(in: context))
        let commit = try await store.tellingMissed(since: expected, in: conversation, as: identity) {
            try await chat.regenerate(id, options: options, expectedRevision: expected, as: identity)
        }
        return try await answer(commit, streamed: request.wantsEvents(stream), context)
    }

    @Sendable private func stop(_ request: Request, _ context: ServerContext) async throws -> Response {
        let message = try await chat.stop(context.messageID, as: context.identity)
        return .json { $0.message(message) }
    }

    @Sendable private func options(_ request: Request, _ context: ServerContext) async throws -> Response {
        let choices = await dependencies.menu.choices()
        return .json(capacity: 4096) { $0.choices(choices) }
    }

    /// The rest of a reply behind an index, as `Last-Event-ID` or `after` names it.
    @Sendable private func resume(_ request: Request, _ context: ServerContext) async throws -> Response {
        let (id, identity) = try (context.messageID, context.identity)
        let query = Query(request)
        // Asked before the stream begins, so that a stranger gets a 404 and not a broken stream.
        let reply = try await store.replyProgress(of: id, after: .max, as: identity).message
        guard reply.role == .assistant else { throw ParleyError.notFound }
        let after = try query.integer("after", in: -1...Int.max) ?? request.lastDeltaIndex(of: id) ?? -1
        return .events(for: context) { [chat] emit in
            _ = try await chat.follow(id, after: after, as: identity, emit: emit)
        }
    }

    private func answer(
        _ commit: Commit<Turn>,
        streamed: Bool,
        _ context: ServerContext
    ) async throws -> Response {
        let (turn, identity) = (commit.value, try context.identity)
        if streamed {
            return .events(for: context) { [chat] emit in
                for change in commit.isReplay ? turn.asChanges : commit.changes { try await emit(Event(change)) }
                _ = try await chat.follow(
                    turn.reply.id,
                    after: -1,
                    completing: !commit.isReplay,
                    as: identity,
                    emit: emit
                )
            }
        }
        let reply = try await chat.waitForEnd(turn.reply.id, as: identity)
        return .json(reply.status == .failed ? .badGateway : .ok) { writer in
            writer.object { writer in
                if reply.status == .failed { writer.failure(of: reply, requestID: context.requestID) }
                writer.member("conversation_id", turn.conversation.id)
                writer.name("user_message")
                writer.message(turn.userMessage)
                writer.name("message")
                writer.message(reply)
            }
        }
    }
}

extension Turn {
    /// What one who joins a turn is told first: the same that the first one was.
    fileprivate var asChanges: [Change] {
        [.messageAppended(userMessage), .messageAppended(reply)]
    }
}

extension JSONWriter {
    /// What may be chosen for a turn.
    fileprivate mutating func choices(_ choices: ChatChoices) {
        object { writer in
            writer.name("models")
            writer.array { writer in
                for model in choices.models { writer.object { $0.member("id", model) } }
            }
            writer.member("default_model", choices.defaultModel)
            writer.name("filters")
            writer.array { writer in
                for filter in choices.filters {
                    writer.object { writer in
                        writer.member("name", filter.name)
                        writer.name("values")
                        writer.array { writer in
                            for value in filter.values { writer.string(value) }
                        }
                    }
                }
            }
        }
    }

    /// The envelope's `error` for a reply that failed, beside the messages.
    fileprivate mutating func failure(of reply: Message, requestID: String) {
        let reason = reply.metadata["error"]?["message"]?.stringValue
        error(ParleyError(.upstreamError, reason ?? "The model's server failed."), requestID: requestID)
    }
}

extension Request {
    /// Whether the answer is to be a stream of events: as the body says, else as `Accept` does.
    fileprivate func wantsEvents(_ stream: Bool?) -> Bool {
        stream ?? (headers[.accept]?.contains("text/event-stream") == true)
    }

    /// The index in `Last-Event-ID`, where it is of this reply.
    fileprivate func lastDeltaIndex(of reply: MessageID) -> Int? {
        guard let name = HTTPField.Name("Last-Event-ID"), let value = headers[name] else { return nil }
        let halves = value.split(separator: ":")
        guard halves.count == 2, MessageID(halves[0]) == reply else { return nil }
        return Int(halves[1])
    }
}
