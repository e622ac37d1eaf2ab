/// Tells whether a repeated create has the content of the first, after the thing itself may have been changed.
///
/// FNV-1a with 64 bits over the canonical JSON of what was given. It guards a client against its own mistake, not against
/// an attacker, who could only make their own id useless; so a fast hash without a key is enough.
public struct Fingerprint: Hashable, Sendable {
    /// The hash, as the signed integer that databases store.
    public let value: Int64

    /// Takes a stored fingerprint.
    public init(value: Int64) {
        self.value = value
    }

    private init(_ write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.object(write)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in writer.bytes {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        value = Int64(bitPattern: hash)
    }

    /// Of a message to append.
    public init(of message: NewMessage) {
        self.init { writer in
            writer.member("role", message.role.rawValue)
            writer.member("content", message.content)
            writer.member("parts", message.parts.map(JSON.array))
            writer.member("metadata", message.metadata)
            writer.member("contexts", message.contexts.map(JSON.array))
            writer.member("ai_response", message.aiResponse)
            writer.member("confidence", message.confidence.flatMap { JSONNumber($0) }.map(JSON.number))
            writer.member("model", message.model)
        }
    }

    /// Of a conversation to make, in the project it is made in.
    public init(of conversation: NewConversation, in project: ProjectID) {
        self.init { writer in
            writer.member("title", conversation.title)
            writer.member("description", conversation.description)
            writer.member("project_id", project)
            writer.member("metadata", conversation.metadata)
        }
    }

    /// Of a fork of a conversation.
    public init(of fork: ForkRequest, from source: ConversationID) {
        self.init { writer in
            writer.member("forked_from", source)
            writer.member("seq", fork.seq)
            writer.member("title", fork.title)
        }
    }

    /// Of a project to make.
    public init(of project: NewProject) {
        self.init { writer in
            writer.member("name", project.name)
            writer.member("description", project.description)
            writer.member("persona", project.persona)
            writer.member("retention_days", project.retentionDays.map { JSON.number(JSONNumber($0)) })
        }
    }
}

extension Message {
    /// Refuses a turn that names this message's id and begins with another message.
    ///
    /// It begins with this one where it says what the message was made of. Who asks later for an answer that never came knows
    /// only the text as it is now: of an edited message, and of one with parts, that is enough, as long as the turn brings
    /// nothing else.
    ///
    /// - Parameters:
    ///   - turn: What is asked for.
    ///   - fingerprint: What the message was made of.
    /// - Throws: ``ParleyError/idempotencyConflict``.
    package func requireBeginning(of turn: TurnRequest, madeOf fingerprint: Fingerprint?) throws {
        let input = turn.message
        if fingerprint == Fingerprint(of: input) { return }
        guard isEdited || parts != nil, role == .user, input.role == .user, status != .deleted,
            content.isExactly(input.content), input.parts == nil, input.contexts == nil
        else { throw ParleyError.idempotencyConflict }
    }
}
