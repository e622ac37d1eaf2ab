import ParleyChat
import ParleyCore
import Testing

/// Compares what clients were promised with what is there.
struct CrashCheck {
    let promised: Ledger.Entries
    let stored: StoredLogs

    /// Checks every promise.
    func run() async throws {
        #expect(promised.faults == [])
        checkOrder()
        checkAppends()
        checkTurns()
        try await checkReplies()
    }

    /// Checks that everything that was ever sent is there once, now that it has been sent again.
    func everythingIsThereOnce() {
        let byID = stored.byID
        for id in Array(promised.appends.keys) + Array(promised.turns.keys) {
            #expect(byID[id]?.count == 1, "\(id)")
        }
        #expect(replies.count == promised.turns.count)
    }

    /// How many replies the crash has interrupted.
    var interruptedReplies: Int { replies.filter { $0["status"] == "interrupted" }.count }

    private var replies: [JSON] { stored.messages.values.joined().filter { $0["role"] == "assistant" } }

    /// Invariant 4: `seq` is 1, 2, 3 …, and where every change was an append, so are the revisions behind the first.
    private func checkOrder() {
        for (id, log) in stored.messages {
            #expect(
                log.map { $0["seq"]?.intValue } == Array(1...max(1, log.count)).prefix(log.count).map { $0 },
                "\(id)"
            )
            #expect(stored.conversations[id]?["message_count"]?.intValue == log.count, "\(id)")
        }
        for id in Set(promised.appends.values.map(\.conversation)) {
            let log = stored.messages[id] ?? []
            #expect(log.allSatisfy { $0["revision"]?.intValue == ($0["seq"]?.intValue ?? 0) + 1 }, "\(id)")
            #expect(stored.conversations[id]?["revision"]?.intValue == log.count + 1, "\(id)")
        }
    }

    private func checkAppends() {
        let byID = stored.byID
        for append in promised.appends.values {
            let found = byID[append.id] ?? []
            #expect(found.count <= 1, "\(append.id) is there \(found.count) times")
            if let seq = append.seq {
                #expect(found.first?["seq"]?.intValue == seq, "\(append.id) was acknowledged")
            }
            for message in found {
                #expect(message["conversation_id"]?.stringValue == append.conversation)
                #expect(message.contentBytes == Array(append.content.utf8), "\(append.id)")
            }
        }
        let people = byID.filter { $0.value.first?["role"] == "user" }
        #expect(people.keys.allSatisfy { promised.appends[$0] != nil || promised.turns[$0] != nil })
    }

    private func checkTurns() {
        let byID = stored.byID
        for turn in promised.turns.values {
            let found = byID[turn.id] ?? []
            #expect(found.count <= 1, "\(turn.id) is there \(found.count) times")
            #expect(found.allSatisfy { $0.contentBytes == Array(turn.message.utf8) }, "\(turn.id)")
            guard let reply = turn.reply else { continue }
            #expect(found.first?["conversation_id"]?.stringValue == turn.shownConversation, "\(turn.id) was shown")
            let kept = byID[reply] ?? []
            #expect(kept.count == 1, "\(reply) was shown and is there \(kept.count) times")
            #expect(kept.first?.contentBytes.starts(with: turn.shown) == true, "\(reply) lost what was shown")
            if let end = turn.end { #expect(kept.first == end, "\(reply) was shown to its end") }
        }
    }

    /// Every reply has an end, and is what the echo says, or the beginning of that.
    private func checkReplies() async throws {
        for log in stored.messages.values {
            for (question, reply) in zip(log, log.dropFirst()) where reply["role"] == "assistant" {
                let whole = try await Self.echo(of: question["content"]?.stringValue ?? "")
                switch reply["status"] {
                case "delivered": #expect(reply.contentBytes == whole)
                case "interrupted": #expect(whole.starts(with: reply.contentBytes))
                default: Issue.record("After a crash a reply is \(reply["status"]?.text ?? "nothing").")
                }
            }
        }
    }

    private static func echo(of question: String) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        let prompt = Prompt(messages: [PromptMessage(role: .user, content: question)])
        try await EchoProvider(delay: .zero).reply(to: prompt) { chunk in
            if case .text(let text) = chunk { bytes += text.utf8 }
        }
        return bytes
    }
}

extension JSON {
    /// A message's text, for comparing byte by byte: strings that only look alike are equal.
    fileprivate var contentBytes: [UInt8] { Array((self["content"]?.stringValue ?? "").utf8) }
}
