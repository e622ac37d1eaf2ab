internal import ParleyCore
internal import RedisWire

/// What is read of a conversation in one step.
struct SessionView: Sendable {
    /// Which messages are read.
    enum Part: Sendable {
        case none
        case newest(Int)
        case before(Int, Int)
        case after(Int, Int)
        case span(ClosedRange<Int>)
        case ids([MessageID])

        var arguments: [RedisArgument] {
            switch self {
            case .none: ["none"]
            case .newest(let limit): ["newest", .integer(limit)]
            case .before(let seq, let limit): ["before", .integer(max(0, min(seq, 1 << 40))), .integer(limit)]
            case .after(let seq, let limit): ["after", .integer(max(0, min(seq, 1 << 40))), .integer(limit)]
            case .span(let range): ["span", .integer(range.lowerBound), .integer(range.upperBound)]
            case .ids(let ids): ["ids"] + ids.map { "\($0)" }
            }
        }
    }

    /// The caller's role; none where nobody was asked.
    let role: Role?
    /// The conversation.
    var session: SessionRecord
    /// The messages that were asked for and are there, in the order of the question.
    var entries: [LogEntry]
    /// The running reply's pieces, where it is among these.
    var pieces: [String]
    /// The beginning of the newest message, where it was asked for.
    let preview: String?

    init(_ id: ConversationID, in project: ProjectID, _ answer: [RedisReply]) throws {
        guard answer.count == 5 else { throw UnreadableRecord(what: "view") }
        role = answer[0].string.flatMap(Role.init(rawValue:))
        session = try SessionRecord(id, in: project, answer[1])
        entries = try Self.entries(answer[2], of: session.fields)
        pieces = answer[3].elements.map { $0.string ?? "" }
        preview = Self.preview(answer[4])
    }

    /// Messages of ids and values in turn; those without a value are left out.
    static func entries(_ reply: RedisReply, of conversation: Conversation) throws -> [LogEntry] {
        var entries: [LogEntry] = []
        entries.reserveCapacity(reply.elements.count / 2)
        var id: MessageID?
        var isName = true
        for element in reply.elements {
            if isName {
                id = element.string.flatMap { MessageID($0) }
            } else if let id {
                let bytes = element.withText { Array($0) }
                if !bytes.isEmpty { entries.append(try LogEntry(bytes, id, in: conversation)) }
            }
            isName.toggle()
        }
        return entries
    }

    /// The preview of its source.
    static func preview(_ reply: RedisReply) -> String? {
        let parts = Array(reply.elements)
        guard parts.count == 2 else { return nil }
        if parts[0].string == "text" { return parts[1].string.flatMap(MessageText.preview(of:)) }
        return parts[1].withText { MessageText.preview(of: text(beginningOf: $0)) }
    }

    /// The text of a JSON string as far as it is there, from behind its first quote.
    static func text(beginningOf bytes: UnsafeRawBufferPointer) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        var at = 0
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            guard bytes[at] == UInt8(ascii: "\\") else {
                text.append(bytes[at])
                at += 1
                continue
            }
            guard at + 1 < bytes.count else { break }
            switch bytes[at + 1] {
            case UInt8(ascii: "b"): text.append(0x08)
            case UInt8(ascii: "f"): text.append(0x0C)
            case UInt8(ascii: "n"): text.append(0x0A)
            case UInt8(ascii: "r"): text.append(0x0D)
            case UInt8(ascii: "t"): text.append(0x09)
            case UInt8(ascii: "u"):
                guard at + 5 < bytes.count else { return String(decoding: text, as: UTF8.self) }
                // The writer escapes control characters only.
                let digits = String(decoding: bytes[(at + 2)...(at + 5)], as: UTF8.self)
                if let value = UInt8(digits, radix: 16) { text.append(value) }
                at += 4
            case let other: text.append(other)
            }
            at += 2
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A message by its id.
    func entry(_ id: MessageID) -> LogEntry? { entries.first { $0.message.id == id } }

    /// A message that must be there.
    func requireEntry(_ id: MessageID) throws -> LogEntry {
        guard let entry = entry(id) else { throw ParleyError.notFound }
        return entry
    }

    /// A message as a caller reads it.
    func message(_ entry: LogEntry) -> Message {
        var message = entry.message
        guard message.status == .streaming else { return message }
        message.content = pieces.joined()
        message.nextIndex = pieces.count
        return message
    }

    /// The conversation as a caller reads it.
    var conversation: Conversation {
        var conversation = session.fields
        conversation.preview = preview
        return conversation
    }
}

extension RedisStore {
    /// Reads a conversation in a project; ``Refusal`` where that can't be.
    ///
    /// Nobody is asked for where `email` is `nil`; `flags` are those of ``TruthScripts/view``.
    func view(
        _ id: ConversationID,
        in project: ProjectID,
        _ part: SessionView.Part,
        flags: String = "",
        for access: Access = .read,
        as email: EmailAddress?,
        at now: Timestamp
    ) async throws -> SessionView {
        let arguments: [RedisArgument] = [
            .string(email?.value ?? ""), .string(email == nil ? "none" : access.rawValue),
            .integer(now.microseconds), "\(id)", .string(flags),
        ]
        let answer = try await run(TruthScripts.view, in: project, arguments + part.arguments)
        do {
            return try SessionView(id, in: project, answer)
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }

    /// Reads a conversation wherever it is.
    func view(
        _ id: ConversationID,
        _ part: SessionView.Part,
        flags: String = "",
        for access: Access = .read,
        as identity: Identity
    ) async throws -> SessionView {
        let now = clock.now()
        return try await inProject(of: id, for: access) { project in
            try await view(id, in: project, part, flags: flags, for: access, as: identity.email, at: now)
        }
    }
}
