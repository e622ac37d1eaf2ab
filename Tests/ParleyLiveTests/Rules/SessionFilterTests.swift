import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyLive

@Suite("What goes to one client")
struct SessionFilterTests {
    static let mine = ConnectionID(high: 1, low: 1)
    static let other = ConnectionID(high: 1, low: 2)
    static let conversation = ConversationID(high: 2, low: 1)
    static let elsewhere = ConversationID(high: 2, low: 2)
    static let reply = MessageID(high: 3, low: 1)

    /// Frames that behave differently.
    enum Kind: CaseIterable {
        /// A change at the revision of the floor.
        case known
        /// A change above it.
        case news
        /// Pieces of the reply: the last one that the client has, and the next.
        case knownPiece
        case newPiece
        case pieceOfAnother
        case typing
        case ownTyping
        case resync
        case elsewhere
        case connection

        var frame: LiveFrame {
            var about = LiveFrame.About(conversationID: SessionFilterTests.conversation)
            switch self {
            case .known: about.revision = 10
            case .news: about.revision = 11
            case .knownPiece: (about.messageID, about.index) = (SessionFilterTests.reply, 4)
            case .newPiece: (about.messageID, about.index) = (SessionFilterTests.reply, 5)
            case .pieceOfAnother: (about.messageID, about.index) = (MessageID(high: 3, low: 9), 0)
            case .typing: about.origin = SessionFilterTests.other
            case .ownTyping: about.origin = SessionFilterTests.mine
            case .resync: break
            case .elsewhere: (about.conversationID, about.revision) = (SessionFilterTests.elsewhere, 1)
            case .connection: about.conversationID = nil
            }
            return LiveFrame(type: "\(self)", json: [], about: about)
        }
    }

    enum Start: CaseIterable {
        case notKnown
        case catchingUp
        case overflown
        case inStepFromAnywhere
        case inStep
        case inStepWithReply

        func make() -> SessionFilter {
            var filter = SessionFilter(connection: SessionFilterTests.mine)
            switch self {
            case .notKnown: break
            case .catchingUp: filter.begin(SessionFilterTests.conversation)
            case .overflown:
                filter.begin(SessionFilterTests.conversation)
                for _ in 0...Limits.heldEvents { _ = filter.passes(Kind.news.frame) }
            case .inStepFromAnywhere:
                filter.begin(SessionFilterTests.conversation)
                _ = filter.end(SessionFilterTests.conversation, at: nil)
            case .inStep:
                filter.begin(SessionFilterTests.conversation)
                _ = filter.end(SessionFilterTests.conversation, at: SessionFilter.Floor(revision: 10))
            case .inStepWithReply:
                filter.begin(SessionFilterTests.conversation)
                let place = SessionFilter.ReplyPlace(messageID: SessionFilterTests.reply, nextIndex: 5)
                _ = filter.end(SessionFilterTests.conversation, at: SessionFilter.Floor(revision: 10, reply: place))
            }
            return filter
        }

        /// What doesn't go through.
        var stopped: Set<Kind> {
            switch self {
            case .notKnown, .inStepFromAnywhere: [.ownTyping]
            case .catchingUp, .overflown: [.ownTyping, .known, .news, .knownPiece, .newPiece, .pieceOfAnother]
            case .inStep: [.ownTyping, .known]
            case .inStepWithReply: [.ownTyping, .known, .knownPiece]
            }
        }
    }

    @Test("Every kind of frame in every state", arguments: Start.allCases, Kind.allCases)
    func frames(start: Start, kind: Kind) {
        var filter = start.make()
        let passes = filter.passes(kind.frame)
        #expect(passes == !start.stopped.contains(kind))
    }

    @Test("Every step in every state", arguments: Start.allCases)
    func steps(start: Start) {
        var left = start.make()
        let waited = left.leave(Self.conversation)
        #expect(waited?.count == (start == .overflown ? nil : 0))
        #expect(!left.isSubscribed(to: Self.conversation))
        #expect(left.count == 0)

        var ended = start.make()
        let isKnown = ended.isSubscribed(to: Self.conversation)
        #expect(isKnown == (start != .notKnown))
        let held = ended.end(Self.conversation, at: nil)
        #expect(held?.count == (start == .overflown ? nil : 0))
        #expect(ended.count == (isKnown ? 1 : 0))

        var begun = start.make()
        begun.begin(Self.conversation)
        let passes = begun.passes(Kind.news.frame)
        #expect(!passes)
        let kept = begun.leave(Self.conversation)
        #expect(kept?.map(\.type) == ["news"])
    }

    @Test("What waited follows, without what the client has by then")
    func held() {
        var filter = Start.catchingUp.make()
        for kind in [Kind.known, .knownPiece, .newPiece, .news, .pieceOfAnother] { _ = filter.passes(kind.frame) }
        let place = SessionFilter.ReplyPlace(messageID: Self.reply, nextIndex: 5)
        let held = filter.end(Self.conversation, at: SessionFilter.Floor(revision: 10, reply: place))
        #expect(held?.map(\.type) == ["newPiece", "news", "pieceOfAnother"])
    }

    @Test("Pieces from before a change that the client has are left out")
    func outdated() {
        var filter = Start.catchingUp.make()
        let ended = LiveFrame.About(conversationID: Self.conversation, revision: 10, messageID: Self.reply)
        _ = filter.passes(Kind.newPiece.frame)
        _ = filter.passes(Kind.pieceOfAnother.frame)
        _ = filter.passes(LiveFrame(type: "message_updated", json: [], about: ended))
        _ = filter.passes(Kind.newPiece.frame)
        let place = SessionFilter.ReplyPlace(messageID: Self.reply, nextIndex: 5)
        let held = filter.end(Self.conversation, at: SessionFilter.Floor(revision: 10, reply: place))
        #expect(held?.map(\.type) == ["pieceOfAnother", "newPiece"])
    }

    @Test("When a reply has ended or is begun anew, its pieces are counted from 0 again")
    func regeneration() {
        var filter = Start.inStepWithReply.make()
        let about = LiveFrame.About(conversationID: Self.conversation, revision: 11, messageID: Self.reply)
        let ends = filter.passes(LiveFrame(type: "message_updated", json: [], about: about))
        #expect(ends)
        var piece = LiveFrame.About(conversationID: Self.conversation, messageID: Self.reply)
        piece.index = 0
        let begins = filter.passes(LiveFrame(type: "message_delta", json: [], about: piece))
        #expect(begins)
    }

    @Test("One that is about a single conversation is told of no other", arguments: Kind.allCases)
    func only(kind: Kind) {
        var filter = SessionFilter(connection: Self.mine, only: Self.conversation)
        let passes = filter.passes(kind.frame)
        #expect(passes == (kind != .elsewhere && kind != .ownTyping))
    }
}
