public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// A conversation with its newest messages, oldest first.
    public func conversation(
        _ id: ConversationID,
        newestMessages limit: Int,
        as identity: Identity
    ) async throws -> (conversation: Conversation, page: MessagePage) {
        let view = try await view(id, .newest(limit), flags: "p", as: identity)
        return (view.conversation, view.page(.newest, limit: limit))
    }

    /// A part of a log.
    public func messages(
        in conversation: ConversationID,
        _ range: MessageRange,
        limit: Int,
        as identity: Identity
    ) async throws -> MessagePage {
        let part: SessionView.Part =
            switch range {
            case .newest: .newest(limit)
            case .before(let seq): .before(seq, limit)
            case .after(let seq): .after(seq, limit)
            }
        return try await view(conversation, part, as: identity).page(range, limit: limit)
    }

    /// The messages changed since a revision, by revision.
    public func changes(
        in conversation: ConversationID,
        since revision: Int,
        limit: Int,
        as identity: Identity
    ) async throws -> ChangePage {
        let now = clock.now()
        let view = try await inProject(of: conversation, for: .read) { project in
            let arguments: [RedisArgument] = [
                .string(identity.email.value), .integer(now.microseconds), "\(conversation)",
                .integer(max(0, min(revision, 1 << 50))), .integer(limit + 1),
            ]
            let answer = try await run(TruthScripts.changes, in: project, arguments)
            do {
                return try SessionView(conversation, in: project, answer)
            } catch {
                throw RedisFault.translate(error, logger: logger)
            }
        }
        guard revision <= view.session.fields.revision else {
            throw ParleyError(.resync, "The conversation has no revision \(revision); load it afresh.")
        }
        let page = view.entries.prefix(limit).map(view.message)
        let hasMore = view.entries.count > limit
        return ChangePage(
            conversation: view.conversation,
            messages: page,
            revision: hasMore ? page.last?.revision ?? revision : view.session.fields.revision,
            hasMore: hasMore
        )
    }

    /// The newest messages of all of a project's conversations, oldest first.
    public func newestMessages(in project: ProjectID, limit: Int, as identity: Identity) async throws -> [Message] {
        let arguments: [RedisArgument] = [
            .string(identity.email.value), .integer(clock.now().microseconds), .integer(limit),
        ]
        do {
            let answer = try await run(TruthScripts.newest, in: project, arguments)
            let found = try Found.all(answer.first, in: project)
            let messages = found.map(\.message)
                .sorted { ($0.createdAt, $0.conversationID, $0.seq) < ($1.createdAt, $1.conversationID, $1.seq) }
            return messages.suffix(limit)
        } catch let refusal as Refusal {
            throw refusal.error(for: .read)
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }

    /// Conversations by `updatedAt`, newest first.
    public func conversations(
        _ filter: ConversationFilter,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<Conversation> {
        let found: [[Conversation]]
        if let project = filter.projectID {
            do {
                found = [try await conversations(in: project, filter, page: page, as: identity)]
            } catch let refusal as Refusal {
                throw refusal.error(for: .read)
            }
        } else {
            found = try await inProjects(of: identity) { [self] project in
                try await conversations(in: project, filter, page: page, as: identity)
            }
        }
        // One that is just being moved may be seen in both projects.
        var seen: Set<ConversationID> = []
        return found.joined().filter { seen.insert($0.id).inserted }.page(page) { ($0.updatedAt, $0.id) }
    }

    /// One project's part of a list: one more than a page.
    private func conversations(
        in project: ProjectID,
        _ filter: ConversationFilter,
        page: PageRequest,
        as identity: Identity
    ) async throws -> [Conversation] {
        let now = clock.now()
        var conversations: [Conversation] = []
        var place: [RedisArgument] = ["", ""]
        if let after = page.after {
            place = [.integer(after.time.microseconds), "\(after.id(of: Conversation.self))"]
        }
        while conversations.count <= page.limit {
            let arguments: [RedisArgument] = [
                .string(identity.email.value), .integer(now.microseconds), place[0], place[1],
                .string(filter.status?.rawValue ?? ""), .string(filter.isPinned.map { $0 ? "1" : "0" } ?? ""),
                .integer(page.limit + 1 - conversations.count),
            ]
            let answer = try await run(TruthScripts.list, in: project, arguments)
            guard answer.count == 2 else { break }
            let left = try await left(Self.moving(answer[1]), from: project)
            do {
                conversations += try Self.conversations(answer[1], in: project)
                    .filter { !left.contains($0.id) && filter.query?.matches($0.title) ?? true }
            } catch {
                throw RedisFault.translate(error, logger: logger)
            }
            let next = answer[0].elements.compactMap(\.string)
            guard next.count == 2 else { break }
            place = next.map { .string($0) }
        }
        return conversations
    }

    /// Those that are marked as moving, of sessions, hashes and preview's sources in turn.
    private static func moving(_ reply: RedisReply) -> [ConversationID] {
        let parts = Array(reply.elements)
        return stride(from: 0, to: parts.count - 2, by: 3).compactMap { at in
            let hash = Array(parts[at + 1].elements)
            let names = stride(from: 0, to: hash.count, by: 2).compactMap { hash[$0].string }
            return names.contains("moving") ? parts[at].string.flatMap { ConversationID($0) } : nil
        }
    }

    /// Conversations of sessions, hashes and preview's sources in turn.
    private static func conversations(_ reply: RedisReply, in project: ProjectID) throws -> [Conversation] {
        let parts = Array(reply.elements)
        return try stride(from: 0, to: parts.count - 2, by: 3).map { at in
            guard let id = parts[at].string.flatMap({ ConversationID($0) }) else {
                throw UnreadableRecord(what: "session")
            }
            var conversation = try SessionRecord(id, in: project, parts[at + 1]).fields
            conversation.preview = SessionView.preview(parts[at + 2])
            return conversation
        }
    }
}

extension SessionView {
    /// The messages as a page.
    func page(_ range: MessageRange, limit: Int) -> MessagePage {
        let count = session.fields.messageCount
        let available =
            switch range {
            case .newest: count
            case .before(let seq): max(0, min(seq - 1, count))
            case .after(let seq): max(0, count - max(0, seq))
            }
        return MessagePage(messages: entries.map(message), hasMore: available > limit)
    }
}

/// A message that was looked for by its id, with its conversation.
struct Found: Sendable {
    /// The conversation, with the message alone.
    let view: SessionView
    /// The message.
    let entry: LogEntry

    /// The message as a caller reads it.
    var message: Message { view.message(entry) }

    /// Reads sessions, hashes, message ids, values and pieces in turn.
    static func all(_ reply: RedisReply?, in project: ProjectID) throws -> [Found] {
        let parts = reply.map { Array($0.elements) } ?? []
        return try stride(from: 0, to: parts.count - 4, by: 5).map { at in
            guard let id = parts[at].string.flatMap({ ConversationID($0) }),
                let message = parts[at + 2].string.flatMap({ MessageID($0) })
            else { throw UnreadableRecord(what: "message") }
            let session = try SessionRecord(id, in: project, parts[at + 1])
            let entry = try LogEntry(parts[at + 3].withText { Array($0) }, message, in: session.fields)
            let pieces = parts[at + 4].elements.map { $0.string ?? "" }
            return Found(view: SessionView(session, [entry], pieces: pieces), entry: entry)
        }
    }
}

extension SessionView {
    init(_ session: SessionRecord, _ entries: [LogEntry], pieces: [String]) {
        role = nil
        self.session = session
        self.entries = entries
        self.pieces = pieces
        preview = nil
    }
}
