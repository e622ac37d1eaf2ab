import Foundation
import ParleyCore
import Synchronization

/// What the clients of a server that will be killed have sent, have been told, and have been shown.
final class Ledger: Sendable {
    /// A message that was sent.
    struct Append: Sendable {
        let id: String
        let conversation: String
        let content: String
        /// Its place, once the server has acknowledged it.
        var seq: Int?
    }

    /// A turn that was sent.
    struct Turn: Sendable {
        /// The person's message, and so the turn.
        let id: String
        let conversation: String?
        let message: String
        /// Where the answer said it is, once one came.
        var shownConversation: String?
        /// The reply, once it was shown.
        var reply: String?
        /// Every byte of the reply that was shown.
        var shown: [UInt8] = []
        /// How many pieces were shown.
        var pieces = 0
        /// The reply as it ended, once that was shown.
        var end: JSON?
    }

    /// All that is known.
    struct Entries: Sendable {
        var appends: [String: Append] = [:]
        var turns: [String: Turn] = [:]
        /// What a stream said that it must not say.
        var faults: [String] = []
    }

    private struct State {
        var entries = Entries()
        // The turns of this life of the server of which a part was shown.
        var underWay: Set<String> = []
        var countdown = 0
        // How many must be under way.
        var fewReplies = 0
        var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// All that is known now.
    var entries: Entries { state.withLock { $0.entries } }

    /// Does something once, in the midst of all: when so many more promises were made to clients, and so many replies are
    /// being shown.
    func after(_ promises: Int, showing replies: Int = 5, _ action: @escaping @Sendable () -> Void) {
        state.withLock { state in
            state.underWay = []
            state.countdown = promises
            state.fewReplies = replies
            state.action = action
        }
    }

    /// Notes a message that is about to be sent.
    func newAppend(in conversation: String) -> Append {
        let id = UUID().uuidString.lowercased()
        let append = Append(id: id, conversation: conversation, content: Self.text(for: id))
        state.withLock { $0.entries.appends[id] = append }
        return append
    }

    /// Notes a turn that is about to be sent.
    func newTurn(in conversation: String?) -> Turn {
        let id = UUID().uuidString.lowercased()
        let turn = Turn(id: id, conversation: conversation, message: Self.text(for: id))
        state.withLock { $0.entries.turns[id] = turn }
        return turn
    }

    /// Notes that the server said a message is stored.
    func acknowledge(_ append: Append, seq: Int) {
        promise { $0.entries.appends[append.id]?.seq = seq }
    }

    /// Notes an event of a turn's stream.
    func show(_ event: ServerSentEvent, of turn: Turn) {
        promise { state in
            var shown = state.entries.turns[turn.id] ?? turn
            if let fault = shown.take(event) { state.entries.faults.append(fault) }
            state.entries.turns[turn.id] = shown
            if shown.isUnderWay { state.underWay.insert(turn.id) } else { state.underWay.remove(turn.id) }
        }
    }

    /// Notes a turn that was answered as a whole.
    func answer(_ turn: Turn, reply: JSON, conversation: String?) {
        promise { state in
            state.entries.turns[turn.id]?.reply = reply["id"]?.stringValue
            state.entries.turns[turn.id]?.shownConversation = conversation
            state.entries.turns[turn.id]?.end = reply
        }
    }

    private func promise(_ note: (inout State) -> Void) {
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            note(&state)
            state.countdown -= 1
            guard state.countdown <= 0, state.underWay.count >= state.fewReplies else { return nil }
            defer { state.action = nil }
            return state.action
        }
        action?()
    }

    /// A text that no other message has, with what is often not kept: other scripts, marks, white space at the end, length.
    private static func text(for id: String) -> String {
        let length = Int(id.utf8.reduce(0) { ($0 &* 31) &+ UInt32($1) } % 12)
        return "\(id) e\u{301}é 東京 👩🏽‍🚀 \"\\\u{7F}\r\n\t" + String(repeating: "word ", count: length)
    }
}

extension Ledger.Turn {
    /// Whether a part of the reply was shown, and not its end.
    fileprivate var isUnderWay: Bool { pieces > 0 && end == nil }

    /// Takes an event of the turn's stream; says what is wrong with it.
    fileprivate mutating func take(_ event: ServerSentEvent) -> String? {
        let data = event.data
        switch event.type {
        case "chat_message":
            shownConversation = data["conversation_id"]?.stringValue
            if data["message"]?["role"] == "assistant" { reply = data["message"]?["id"]?.stringValue }
        case "message_delta":
            guard data["index"]?.intValue == pieces, let text = data["text"]?.stringValue else {
                return "After \(pieces) pieces came \(data.text)."
            }
            pieces += 1
            shown += text.utf8
        case "message_updated": end = data["message"]
        case "conversation_created", "conversation_updated", "done": break
        // The store went away under it: nothing more is promised, and what was shown is looked for.
        case "error" where data["error"]?["code"] == "unavailable": break
        default: return "A stream said \(event.type): \(data.text)"
        }
        return nil
    }
}
