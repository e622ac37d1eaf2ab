import ParleyCore

@testable import ParleyRedis

/// Events as tests need them; their times are whole milliseconds, as the wire has them.
enum Sample {
    static let project = ProjectID(high: 1, low: 1)
    static let channel = EventChannel.project(project)
    static let person = EmailAddress(normalized: "ada@example.org")
    static let conversationID = ConversationID(high: 2, low: 2)
    static let time = Timestamp(microseconds: 1_767_603_600_123_000)

    /// A piece of a reply.
    static func delta(
        _ index: Int,
        text: String? = nil,
        in conversation: ConversationID = conversationID,
        of project: ProjectID = project
    ) -> Event {
        let delta = ReplyDelta(messageID: MessageID(high: 3, low: 3), index: index, text: text ?? "\(index)")
        return Event(projectID: project, conversationID: conversation, kind: .delta(delta), timestamp: time)
    }

    static func message(
        _ content: String,
        revision: Int = 7,
        id: MessageID = MessageID(high: 4, low: 4),
        in project: ProjectID = project
    ) -> Message {
        Message(
            id: id,
            conversationID: conversationID,
            projectID: project,
            seq: revision,
            revision: revision,
            role: .user,
            author: EmailAddress(normalized: "ada@example.org"),
            content: content,
            parts: [["type": "text", "text": "a\u{0}b\"\\"]],
            status: .delivered,
            isEdited: true,
            reactions: [Reaction(emoji: "👍", users: [EmailAddress(normalized: "bob@example.org")])],
            metadata: ["n": 1],
            contexts: nil,
            aiResponse: nil,
            confidence: nil,
            model: nil,
            tokensUsed: nil,
            latencyMilliseconds: nil,
            nextIndex: nil,
            createdAt: time,
            updatedAt: time
        )
    }

    static func conversation(revision: Int = 9, description: String? = nil) -> Conversation {
        Conversation(
            id: conversationID,
            projectID: project,
            owner: EmailAddress(normalized: "ada@example.org"),
            title: "Gulls & \"terns\"",
            description: description,
            status: .active,
            isPinned: false,
            metadata: JSONObject(),
            messageCount: 3,
            revision: revision,
            preview: "…",
            createdAt: time,
            updatedAt: time,
            lastMessageAt: time,
            forkedFrom: nil
        )
    }

    /// Somebody writes.
    static let typing = Event(
        projectID: project,
        conversationID: conversationID,
        kind: .typing(Typing(user: person, connection: ConnectionID(high: 6, low: 6))),
        timestamp: time
    )

    /// Every notice that a project's channel has.
    static let projectNotices: [AccessNotice] = [.memberLeft(person, project), .projectDeleted(project)]

    /// Every notice that a person's channel has.
    static let personNotices: [AccessNotice] = [
        .memberJoined(person, project), .signedOut(person, LoginKey(high: 7, low: 7)), .signedOut(person, nil),
        .read(person, ReadMark(conversationID: conversationID, seq: 7)),
    ]

    /// Every kind of event.
    static let events: [Event] =
        [
            Event(.conversationCreated(conversation(revision: 1))),
            Event(.messageAppended(message("hello, wörld 🕊"))),
            delta(0), delta(1, text: ""), delta(2, text: "\u{1}\n\""),
            Event(.messageUpdated(message("hello again", revision: 8))),
            typing,
            Event(.conversationUpdated(conversation())),
            Event(
                projectID: project,
                conversationID: conversationID,
                kind: .movedAway(revision: 10),
                timestamp: time
            ),
            Event(.conversationDeleted(conversation(revision: 10))),
        ]
}

extension BusFrame {
    /// The bodies of frames of events alone.
    static func bodies(of events: [Event]) -> [[UInt8]] { bodies(of: events.map { Publication.event($0) }) }
}

extension EventOutbox {
    /// Puts an event in.
    mutating func put(_ event: Event) -> Bool { put(.event(event)) }
}
