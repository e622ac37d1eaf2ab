import ParleyCore

extension BusFrame {
    /// How every frame of a sender begins: by it a sender knows its own without reading them.
    static func beginning(of sender: BusSenderID) -> [UInt8] {
        Array(#"{"v":\#(version),"s":"\#(sender)","#.utf8)
    }

    /// The bytes of a frame around a body of ``bodies(of:)``; without one, of a beacon.
    static func bytes(_ beginning: [UInt8], _ number: ChannelNumbers.Number, body: [UInt8]? = nil) -> [UInt8] {
        var bytes = beginning
        bytes.reserveCapacity(beginning.count + (body?.count ?? 0) + 64)
        bytes.append(contentsOf: #""e":\#(number.epoch),"n":\#(number.number)"#.utf8)
        if number.followsFailure { bytes.append(contentsOf: #","f":true"#.utf8) }
        if let body {
            bytes.append(contentsOf: #","i":["#.utf8)
            bytes.append(contentsOf: body)
            bytes.append(UInt8(ascii: "]"))
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// Puts what one channel is told into as few frames as it fits in, in its order: each body is the frame's items, with
    /// commas between.
    static func bodies(of publications: [Publication]) -> [[UInt8]] {
        // What ``bytes(_:_:body:)`` puts around them stays far below.
        let room = maxBytes - 256
        var bodies: [[UInt8]] = []
        var body: [UInt8] = []
        for item in items(of: publications) {
            if !body.isEmpty, body.count + 1 + item.count > room {
                bodies.append(body)
                body = []
            }
            if !body.isEmpty { body.append(UInt8(ascii: ",")) }
            body.append(contentsOf: item)
        }
        if !body.isEmpty { bodies.append(body) }
        return bodies
    }

    private static func items(of publications: [Publication]) -> [[UInt8]] {
        var items: [[UInt8]] = []
        var pieces: DeltaRun?
        for publication in publications {
            if case .event(let event) = publication, case .delta(let delta) = event.kind {
                if pieces?.add(delta, of: event) == true { continue }
                if let pieces { items.append(pieces.item) }
                pieces = DeltaRun(delta, of: event)
            } else {
                if let pieces { items.append(pieces.item) }
                pieces = nil
                items.append(item(of: publication))
            }
        }
        if let pieces { items.append(pieces.item) }
        return items
    }

    private static func item(of publication: Publication) -> [UInt8] {
        switch publication {
        case .notice(let notice): item(of: notice)
        case .event(let event):
            switch event.kind {
            case .change(let change): item(of: change)
            case .delta(let delta): DeltaRun(delta, of: event).item
            case .typing(let typing): item(of: typing, event)
            case .movedAway(let revision): item(ofMoveAt: revision, event)
            }
        }
    }

    /// What the channel says itself is left out.
    private static func item(of notice: AccessNotice) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            switch notice {
            case .memberJoined(_, let project):
                writer.member("t", "member_joined")
                writer.member("p", project)
            case .memberLeft(let person, _):
                writer.member("t", "member_left")
                writer.member("u", person.value)
            case .projectDeleted: writer.member("t", "project_deleted")
            case .signedOut(_, let key):
                writer.member("t", "signed_out")
                writer.member("k", key.map { JSON.string("\($0)") } ?? .null)
            case .read(_, let mark):
                writer.member("t", "read")
                writer.member("c", mark.conversationID)
                writer.member("q", mark.seq)
            }
        }
        return writer.bytes
    }

    private static func item(of typing: Typing, _ event: Event) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("t", "typing")
            writer.member("c", event.conversationID)
            writer.member("u", typing.user.value)
            writer.member("k", typing.connection)
            writer.name("at")
            writer.integer(event.timestamp.microseconds)
        }
        return writer.bytes
    }

    private static func item(ofMoveAt revision: Int, _ event: Event) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("t", "moved_away")
            writer.member("c", event.conversationID)
            writer.member("r", revision)
            writer.name("at")
            writer.integer(event.timestamp.microseconds)
        }
        return writer.bytes
    }

    private static func item(of change: Change) -> [UInt8] {
        var writer: JSONWriter
        switch change {
        case .conversationCreated(let conversation), .conversationUpdated(let conversation),
            .conversationDeleted(let conversation):
            writer = JSONWriter(capacity: 1024)
            writer.object { writer in
                writer.member("t", EventReference(change).kind.rawValue)
                writer.name("x")
                writer.conversation(conversation)
            }
        case .messageAppended(let message), .messageUpdated(let message):
            guard message.wireBytes <= maxItemBytes else { return reference(to: change) }
            writer = JSONWriter(capacity: message.wireBytes)
            writer.object { writer in
                writer.member("t", EventReference(change).kind.rawValue)
                writer.name("x")
                writer.message(message)
            }
        }
        return writer.bytes.count <= maxItemBytes ? writer.bytes : reference(to: change)
    }

    private static func reference(to change: Change) -> [UInt8] {
        let reference = EventReference(change)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("t", reference.kind.rawValue)
            writer.member("c", reference.conversationID)
            if let message = reference.messageID { writer.member("m", message) }
            writer.member("r", reference.revision)
        }
        return writer.bytes
    }

    /// The item that says that something can't be said.
    fileprivate static func lost(_ conversation: ConversationID) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("t", "lost")
            writer.member("c", conversation)
        }
        return writer.bytes
    }
}

/// Pieces of one reply that follow each other: one item.
private struct DeltaRun {
    private let first: ReplyDelta
    private let conversation: ConversationID
    private let timestamp: Timestamp
    private var texts: [String]
    private var textBytes: Int

    init(_ delta: ReplyDelta, of event: Event) {
        first = delta
        conversation = event.conversationID
        timestamp = event.timestamp
        texts = [delta.text]
        textBytes = delta.text.utf8.count
    }

    /// Adds a piece; `false` where it belongs elsewhere.
    mutating func add(_ delta: ReplyDelta, of event: Event) -> Bool {
        guard delta.messageID == first.messageID, event.conversationID == conversation,
            delta.index == first.index + texts.count, event.timestamp == timestamp,
            // A byte may take six once it is escaped, and each text some quotes.
            (textBytes + delta.text.utf8.count + texts.count) * 6 <= BusFrame.maxItemBytes
        else { return false }
        texts.append(delta.text)
        textBytes += delta.text.utf8.count
        return true
    }

    var item: [UInt8] {
        guard textBytes <= BusFrame.maxItemBytes else { return BusFrame.lost(conversation) }
        var writer = JSONWriter(capacity: textBytes + 256)
        writer.object { writer in
            writer.member("t", "message_delta")
            writer.member("c", conversation)
            writer.member("m", first.messageID)
            writer.member("n", first.index)
            writer.name("x")
            writer.array { for text in texts { $0.string(text) } }
            writer.name("at")
            writer.integer(timestamp.microseconds)
        }
        return writer.bytes.count <= BusFrame.maxItemBytes ? writer.bytes : BusFrame.lost(conversation)
    }
}
