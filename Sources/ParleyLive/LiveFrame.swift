public import ParleyCore
import Synchronization

/// Something to be told over sockets and streams: encoded once, and shared by all who are told.
public final class LiveFrame: Sendable {
    /// What a session needs to know of a frame to decide whether it goes to its client.
    struct About: Sendable {
        /// The conversation it is about; `nil` for what concerns the connection itself.
        var conversationID: ConversationID?
        /// The revision that a committed change has.
        var revision: Int?
        /// The message it is about.
        var messageID: MessageID?
        /// The place of a piece of a running reply.
        var index: Int?
        /// The connection that brought it about, and needn't be told.
        var origin: ConnectionID?
    }

    /// The `type` of the JSON object.
    public let type: String
    /// The JSON object, in UTF-8.
    public let json: [UInt8]
    let about: About
    private let form = Mutex<(any Sendable)?>(nil)

    init(type: String, json: [UInt8], about: About = About()) {
        self.type = type
        self.json = json
        self.about = about
    }

    /// The frame as one kind of connection sends it: made once, when the first asks, and the same for all.
    ///
    /// A frame has one such form; whoever asks for another type of value is given what it makes itself.
    public func form<Form: Sendable>(_ make: ([UInt8]) -> Form) -> Form {
        form.withLock { stored in
            if let form = stored as? Form { return form }
            let form = make(json)
            if stored == nil { stored = form }
            return form
        }
    }

    /// The `id:` of a server-sent event, to resume a reply behind it; only pieces have one.
    public var streamID: String? {
        guard let message = about.messageID, let index = about.index else { return nil }
        return "\(message):\(index)"
    }
}

extension LiveFrame {
    /// An event that a bus carries.
    convenience init(_ event: Event) {
        var writer = JSONWriter(capacity: event.wireBytes)
        writer.event(event)
        self.init(type: event.wireType, json: writer.bytes, about: About(event))
    }

    /// The first thing that a socket is told.
    static func ready(_ connection: ConnectionID) -> LiveFrame {
        make("ready") {
            $0.member("connection_id", connection)
            $0.member("heartbeat_seconds", Int(Limits.socketHeartbeat.components.seconds))
        }
    }

    /// After the changes that a subscribe asked for.
    static func subscribed(_ conversation: ConversationID, revision: Int) -> LiveFrame {
        make("subscribed", about: About(conversationID: conversation)) {
            $0.member("conversation_id", conversation)
            $0.member("revision", revision)
        }
    }

    /// Something was missed; without a conversation anywhere.
    public static func resync(_ conversation: ConversationID? = nil, _ reason: ResyncReason) -> LiveFrame {
        make("resync", about: About(conversationID: conversation)) {
            if let conversation { $0.member("conversation_id", conversation) }
            $0.member("reason", reason.rawValue)
        }
    }

    /// The person has read on, here or on another device.
    static func read(_ mark: ReadMark) -> LiveFrame {
        make("read", about: About(conversationID: mark.conversationID)) {
            $0.member("conversation_id", mark.conversationID)
            $0.member("seq", mark.seq)
        }
    }

    /// The answer to a `ping`.
    static let pong = make("pong") { _ in }

    /// What is wrong with something that a client sent.
    static func error(_ error: ParleyError, requestID: String, _ conversation: ConversationID? = nil) -> LiveFrame {
        make("error") {
            if let conversation { $0.member("conversation_id", conversation) }
            $0.error(error, requestID: requestID)
        }
    }

    private static func make(
        _ type: String,
        about: About = About(),
        _ members: (inout JSONWriter) -> Void
    ) -> LiveFrame {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("type", type)
            members(&writer)
        }
        return LiveFrame(type: type, json: writer.bytes, about: about)
    }
}

extension LiveFrame.About {
    /// What a session needs to know of an event.
    init(_ event: Event) {
        self.init(conversationID: event.conversationID)
        switch event.kind {
        case .change(.messageAppended(let message)), .change(.messageUpdated(let message)):
            revision = message.revision
            messageID = message.id
        case .change(.conversationCreated(let conversation)), .change(.conversationUpdated(let conversation)),
            .change(.conversationDeleted(let conversation)):
            revision = conversation.revision
        case .delta(let delta):
            messageID = delta.messageID
            index = delta.index
        case .typing(let typing): origin = typing.connection
        case .movedAway: break
        }
    }
}

extension Event {
    /// About how many bytes it takes on the wire.
    fileprivate var wireBytes: Int {
        switch kind {
        case .change(.messageAppended(let message)), .change(.messageUpdated(let message)): message.wireBytes + 256
        case .change: 1024
        case .delta(let delta): delta.text.utf8.count + 256
        case .typing, .movedAway: 192
        }
    }
}
