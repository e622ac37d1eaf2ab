import HTTPTypes
import ParleyCore
import Testing

/// Callers at once, two hundred unless told otherwise, each of whom goes on until the server is dead.
struct CrashLoad: Sendable {
    let caller: LiveCaller
    let ledger: Ledger
    /// Where messages are appended: the first is the hot one.
    let conversations: [String]
    /// Whether the server may say that it is shutting down.
    var mayBeRefused = false
    var inHotConversation = 60
    var elsewhere = 115

    // Half of the replies that one person may have: the next turn may be there before the last one's place is free.
    private static let chatting = Limits.runningRepliesPerPerson / 2

    /// Runs until every caller has lost the server.
    func run() async {
        await withDiscardingTaskGroup { group in
            for _ in 0..<inHotConversation { group.addTask { await append(to: conversations[0]) } }
            for index in 0..<elsewhere {
                group.addTask { await append(to: conversations[1 + index % (conversations.count - 1)]) }
            }
            for _ in 0..<Self.chatting { group.addTask { await chat() } }
        }
    }

    private func append(to conversation: String) async {
        while true {
            let append = ledger.newAppend(in: conversation)
            // Lost with the server; that nobody acknowledged it is what the ledger says.
            guard let answer = try? await caller.append(append) else { return }
            if mayBeRefused, answer.status == .serviceUnavailable { return }
            guard answer.status == .created, let seq = answer["messages"]?[0]?["seq"]?.intValue else {
                Issue.record("A message was answered with \(answer.status): \(answer.text)")
                return
            }
            ledger.acknowledge(append, seq: seq)
        }
    }

    private func chat() async {
        var conversation: String?
        while true {
            let turn = ledger.newTurn(in: conversation)
            // As above: what was shown before is in the ledger.
            let status = try? await caller.stream("/api/chat", turn.body(streamed: true)) { event in
                ledger.show(event, of: turn)
            }
            guard let status, !mayBeRefused || status != 503 else { return }
            guard status == 200 else {
                Issue.record("A turn was answered with \(status).")
                return
            }
            conversation = ledger.entries.turns[turn.id]?.shownConversation
        }
    }
}

extension LiveCaller {
    /// Sends a message of the ledger.
    func append(_ append: Ledger.Append) async throws -> Answer {
        try await post(
            "/api/conversations/\(append.conversation)/messages",
            ["id": .string(append.id), "role": "user", "content": .string(append.content)]
        )
    }
}

extension Ledger.Turn {
    /// The body that asks for the turn.
    func body(streamed: Bool) -> JSON {
        var body: JSONObject = ["id": .string(id), "message": .string(message), "stream": .bool(streamed)]
        if let conversation { body["conversation_id"] = .string(conversation) }
        return .object(body)
    }
}
