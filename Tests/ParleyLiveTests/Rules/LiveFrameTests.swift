import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyLive

@Suite("Frames")
struct LiveFrameTests {
    static let conversation = ConversationID(high: 2, low: 1)
    static let project = ProjectID(high: 3, low: 1)
    static let reply = MessageID(high: 9, low: 9)

    private func text(_ frame: LiveFrame) -> String { String(decoding: frame.json, as: UTF8.self) }

    private func event(_ kind: Event.Kind) -> LiveFrame {
        LiveFrame(
            Event(projectID: Self.project, conversationID: Self.conversation, kind: kind, timestamp: .example)
        )
    }

    @Test("What the hub says itself")
    func own() {
        let connection = ConnectionID(high: 1, low: 1)
        #expect(
            text(.ready(connection)) == #"{"type":"ready","connection_id":"\#(connection)","heartbeat_seconds":25}"#
        )
        #expect(
            text(.subscribed(Self.conversation, revision: 7))
                == #"{"type":"subscribed","conversation_id":"\#(Self.conversation)","revision":7}"#
        )
        #expect(text(.pong) == #"{"type":"pong"}"#)
    }

    @Test("Being told to look afresh", arguments: ResyncReason.allCases)
    func resync(reason: ResyncReason) {
        #expect(text(.resync(nil, reason)) == #"{"type":"resync","reason":"\#(reason.rawValue)"}"#)
        #expect(LiveFrame.resync(nil, reason).about.conversationID == nil)
        let frame = LiveFrame.resync(Self.conversation, reason)
        #expect(
            text(frame)
                == #"{"type":"resync","conversation_id":"\#(Self.conversation)","reason":"\#(reason.rawValue)"}"#
        )
        #expect(frame.about.conversationID == Self.conversation)
        #expect(frame.about.revision == nil)
    }

    @Test("An error is the envelope's, with its conversation")
    func error() throws {
        let frame = LiveFrame.error(.invalid("type", "Wrong."), requestID: "request", Self.conversation)
        let object = try #require(frame.object)
        #expect(object["type"] == .string("error"))
        #expect(object["conversation_id"] == .string("\(Self.conversation)"))
        #expect(object["error"]?["code"] == .string("invalid_request"))
        #expect(object["error"]?["param"] == .string("type"))
        #expect(object["error"]?["request_id"] == .string("request"))
        let bare = try #require(LiveFrame.error(.notFound, requestID: "request").object)
        #expect(bare["conversation_id"] == nil)
        #expect(bare["error"]?["param"] == .null)
    }

    @Test("Events are what they are everywhere, and a session finds what it decides by")
    func events() throws {
        let message = Message(
            id: Self.reply,
            conversationID: Self.conversation,
            projectID: Self.project,
            seq: 1,
            revision: 5,
            role: .user,
            content: "Hello",
            createdAt: .example,
            updatedAt: .example
        )
        let conversation = Conversation(
            id: Self.conversation,
            projectID: Self.project,
            owner: Identity.alice.email,
            title: "Title",
            revision: 6,
            createdAt: .example,
            updatedAt: .example
        )
        let typing = Typing(user: Identity.bob.email, connection: ConnectionID(high: 1, low: 2))
        let delta = ReplyDelta(messageID: Self.reply, index: 3, text: "x")
        let kinds: [(Event.Kind, String, revision: Int?, message: MessageID?)] = [
            (.change(.messageAppended(message)), "chat_message", 5, Self.reply),
            (.change(.messageUpdated(message)), "message_updated", 5, Self.reply),
            (.change(.conversationCreated(conversation)), "conversation_created", 6, nil),
            (.change(.conversationUpdated(conversation)), "conversation_updated", 6, nil),
            (.change(.conversationDeleted(conversation)), "conversation_deleted", 6, nil),
            (.delta(delta), "message_delta", nil, Self.reply),
            (.typing(typing), "typing", nil, nil),
            (.movedAway(revision: 9), "resync", nil, nil),
        ]
        for (kind, type, revision, message) in kinds {
            let frame = event(kind)
            #expect(frame.type == type)
            #expect(frame.object?["type"] == .string(type))
            #expect(frame.object?["conversation_id"] == .string("\(Self.conversation)"))
            #expect(frame.object?["revision"]?.intValue == revision)
            #expect(frame.about.conversationID == Self.conversation)
            #expect(frame.about.revision == revision)
            #expect(frame.about.messageID == message)
            #expect(frame.streamID == (type == "message_delta" ? "\(Self.reply):3" : nil))
        }
        #expect(event(.typing(typing)).about.origin == typing.connection)
        // Who writes on which connection is nobody's business.
        #expect(!text(event(.typing(typing))).contains("\(typing.connection)"))
    }

    @Test("One form for all, made once")
    func form() {
        let frame = LiveFrame.ready(ConnectionID(high: 1, low: 1))
        let count = Atomic(0)
        for _ in 0..<3 {
            let form = frame.form { json in
                count.add(1, ordering: .relaxed)
                return json.count
            }
            #expect(form == frame.json.count)
        }
        #expect(count.load(ordering: .relaxed) == 1)
        #expect(frame.form { "\($0.count)" } == "\(frame.json.count)")
    }

    @Test("Every reason to close has a code of its own, and clients know whether to come back")
    func closings() {
        #expect(Set(LiveClosing.allCases.map(\.rawValue)).count == LiveClosing.allCases.count)
        for closing in LiveClosing.allCases {
            #expect((closing.rawValue >= 4500) == [.signedOut, .expired].contains(closing))
            // RFC 6455, section 5.5: a control frame takes 125 bytes, two of them the code.
            #expect(closing.text.utf8.count <= 123)
        }
    }
}
