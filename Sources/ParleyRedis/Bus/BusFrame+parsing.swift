import ParleyCore

/// Why bytes are no frame.
enum BusFrameFlaw: Error, Hashable, Sendable {
    /// An instance of a later version wrote it.
    case unknownVersion
    /// It is damaged, or somebody else wrote it.
    case broken
}

extension BusFrame {
    /// Reads a frame of a channel.
    ///
    /// Strict in all that it uses: one flaw makes all of it useless, and then subscribers look at the truth.
    init(parsing bytes: some Collection<UInt8>, of channel: EventChannel) throws(BusFrameFlaw) {
        guard bytes.count <= Self.maxBytes else { throw .broken }
        let json: JSON
        do {
            // Three levels around a message, whose own depth the limits keep below this.
            json = try JSON(parsing: bytes, maximumDepth: Limits.jsonDepth + 8, refusingDuplicateNames: true)
        } catch {
            throw .broken
        }
        guard let version = json["v"]?.intValue else { throw .broken }
        guard version == Self.version else { throw .unknownVersion }
        guard let sender = json["s"]?.stringValue.flatMap({ BusSenderID($0) }),
            let epoch = json["e"]?.intValue, epoch >= 1, let number = json["n"]?.intValue, number >= 1
        else { throw .broken }
        let mark = json["f"]
        guard mark == nil || mark == true else { throw .broken }
        var items: [BusItem] = []
        if let list = json["i"] {
            guard let list = list.arrayValue, !list.isEmpty else { throw .broken }
            for item in list { items += try Self.items(item, channel) }
        }
        self.init(sender: sender, epoch: epoch, number: number, followsFailure: mark != nil, items: items)
    }

    private static func items(_ json: JSON, _ channel: EventChannel) throws(BusFrameFlaw) -> [BusItem] {
        guard let type = json["t"]?.stringValue else { throw .broken }
        switch channel {
        case .project(let project): return try items(json, type, of: project)
        case .person(let person): return [.notice(try notice(json, type, of: person))]
        }
    }

    private static func notice(
        _ json: JSON,
        _ type: String,
        of person: EmailAddress
    ) throws(BusFrameFlaw) -> AccessNotice {
        switch type {
        case "member_joined":
            guard let project: ProjectID = id(json["p"]) else { throw .broken }
            return .memberJoined(person, project)
        case "signed_out":
            // Said in so many words: else damage to the name of one sign-in would end all of the person's.
            if json["k"] == .null { return .signedOut(person, nil) }
            guard let key: LoginKey = id(json["k"]) else { throw .broken }
            return .signedOut(person, key)
        case "read":
            guard let conversation: ConversationID = id(json["c"]), let seq = json["q"]?.intValue, seq >= 1
            else { throw .broken }
            return .read(person, ReadMark(conversationID: conversation, seq: seq))
        default: throw .broken
        }
    }

    private static func items(
        _ json: JSON,
        _ type: String,
        of project: ProjectID
    ) throws(BusFrameFlaw) -> [BusItem] {
        switch type {
        case "message_delta": return try deltas(json, project)
        case "typing": return [.event(try typing(json, project))]
        case "moved_away": return [.event(try move(json, project))]
        case "member_left":
            guard let person = person(json["u"]) else { throw .broken }
            return [.notice(.memberLeft(person, project))]
        case "project_deleted": return [.notice(.projectDeleted(project))]
        case "lost":
            guard let conversation: ConversationID = id(json["c"]) else { throw .broken }
            return [.lost(conversation)]
        default:
            guard let kind = EventReference.Kind(rawValue: type) else { throw .broken }
            guard let value = json["x"] else { return [try reference(kind, json)] }
            return [try event(kind, value, project)]
        }
    }

    private static func typing(_ json: JSON, _ project: ProjectID) throws(BusFrameFlaw) -> Event {
        guard let conversation: ConversationID = id(json["c"]), let user = person(json["u"]),
            let connection: ConnectionID = id(json["k"]), let time = json["at"]?.intValue
        else { throw .broken }
        return Event(
            projectID: project,
            conversationID: conversation,
            kind: .typing(Typing(user: user, connection: connection)),
            timestamp: Timestamp(microseconds: Int64(time))
        )
    }

    private static func move(_ json: JSON, _ project: ProjectID) throws(BusFrameFlaw) -> Event {
        guard let conversation: ConversationID = id(json["c"]), let revision = json["r"]?.intValue, revision >= 0,
            let time = json["at"]?.intValue
        else { throw .broken }
        return Event(
            projectID: project,
            conversationID: conversation,
            kind: .movedAway(revision: revision),
            timestamp: Timestamp(microseconds: Int64(time))
        )
    }

    private static func deltas(_ json: JSON, _ project: ProjectID) throws(BusFrameFlaw) -> [BusItem] {
        guard let conversation: ConversationID = id(json["c"]), let message: MessageID = id(json["m"]),
            let first = json["n"]?.intValue, 0..<Int(Int32.max) ~= first,
            let texts = json["x"]?.arrayValue, !texts.isEmpty, let time = json["at"]?.intValue
        else { throw .broken }
        var items: [BusItem] = []
        for (offset, text) in texts.enumerated() {
            guard let text = text.stringValue else { throw .broken }
            let delta = ReplyDelta(messageID: message, index: first + offset, text: text)
            let event = Event(
                projectID: project,
                conversationID: conversation,
                kind: .delta(delta),
                timestamp: Timestamp(microseconds: Int64(time))
            )
            items.append(.event(event))
        }
        return items
    }

    private static func event(
        _ kind: EventReference.Kind,
        _ json: JSON,
        _ project: ProjectID
    ) throws(BusFrameFlaw) -> BusItem {
        let change: Change?
        switch kind {
        case .messageAppended: change = Message(wire: json).map(Change.messageAppended)
        case .messageUpdated: change = Message(wire: json).map(Change.messageUpdated)
        case .conversationCreated: change = Conversation(wire: json).map(Change.conversationCreated)
        case .conversationUpdated: change = Conversation(wire: json).map(Change.conversationUpdated)
        case .conversationDeleted: change = Conversation(wire: json).map(Change.conversationDeleted)
        }
        // What a project's members see must be that project's.
        guard let event = change.map({ Event($0) }), event.projectID == project else { throw .broken }
        return .event(event)
    }

    private static func reference(_ kind: EventReference.Kind, _ json: JSON) throws(BusFrameFlaw) -> BusItem {
        guard let conversation: ConversationID = id(json["c"]), let revision = json["r"]?.intValue, revision >= 0
        else { throw .broken }
        var message: MessageID?
        if kind == .messageAppended || kind == .messageUpdated {
            guard let id: MessageID = id(json["m"]) else { throw .broken }
            message = id
        }
        return .reference(
            EventReference(kind: kind, conversationID: conversation, messageID: message, revision: revision)
        )
    }

    /// An address as this bus writes it: normalised.
    private static func person(_ json: JSON?) -> EmailAddress? {
        guard let text = json?.stringValue, let email = EmailAddress(text), email.value == text else { return nil }
        return email
    }

    private static func id<Entity>(_ json: JSON?) -> ID<Entity>? {
        json?.stringValue.flatMap { ID<Entity>($0) }
    }
}
