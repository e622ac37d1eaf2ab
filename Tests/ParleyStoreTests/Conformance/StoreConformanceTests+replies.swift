import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("Invariant 3: a piece can be read as soon as its append has returned", arguments: StoreFactory.all)
    func pieces(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("Which bird?").value
            let lease = try turn.requireLease()
            // A family and an accent that arrive in parts.
            let pieces = ["A p", "elican 👩", "\u{200D}👧", " cafe", "\u{301}", "", "東", "京 "]
            for (index, piece) in pieces.enumerated() {
                #expect(try await t.store.appendPieces([piece], at: index, under: lease) == .held)
                let progress = try await t.store.replyProgress(of: turn.reply.id, after: index - 1, as: .alice)
                #expect(progress.deltas.map(\.text.bytes) == [piece.bytes])
                #expect(progress.message.content.bytes == pieces[...index].joined().bytes)
                #expect(progress.message.nextIndex == index + 1)
            }
            for after in -1...pieces.count {
                let progress = try await t.store.replyProgress(of: turn.reply.id, after: after, as: .alice)
                #expect(progress.deltas.map(\.index) == Array(pieces.indices.dropFirst(after + 1)))
                #expect(progress.deltas.allSatisfy { $0.text.bytes == pieces[$0.index].bytes })
                #expect(progress.deltas.allSatisfy { $0.messageID == turn.reply.id })
                let head = pieces.prefix(after + 1).joined()
                let whole = head + progress.deltas.map(\.text).joined()
                #expect(whole.bytes == progress.message.content.bytes)
            }
            #expect(try await t.state(of: turn.conversation.id).revision == turn.conversation.revision)
            let reply = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease).value
            #expect(reply.content.bytes == pieces.joined().bytes)
            let ended = try await t.store.replyProgress(of: turn.reply.id, after: -1, as: .alice)
            #expect(ended.message == reply)
            #expect(ended.deltas.isEmpty)
            #expect(try await t.log(turn.conversation.id).last == reply)
        }
    }

    @Test("Pieces sent again are not stored twice, and none can be skipped or changed", arguments: StoreFactory.all)
    func repeatedPieces(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("Which bird?").value
            let lease = try turn.requireLease()
            _ = try await t.store.appendPieces(["a", "b"], at: 0, under: lease)
            _ = try await t.store.appendPieces(["a", "b"], at: 0, under: lease)
            _ = try await t.store.appendPieces(["b", "c"], at: 1, under: lease)
            _ = try await t.store.appendPieces([], at: 3, under: lease)
            await expectError(.conflict) { try await t.store.appendPieces(["e"], at: 4, under: lease) }
            await expectError(.conflict) { try await t.store.appendPieces(["x", "d"], at: 2, under: lease) }
            await expectError(.conflict) { try await t.store.appendPieces(["x"], at: -1, under: lease) }
            let progress = try await t.store.replyProgress(of: turn.reply.id, after: -1, as: .alice)
            #expect(progress.deltas.map(\.text) == ["a", "b", "c"])
        }
    }

    @Test(
        "A reply ends as its outcome says, with what it had",
        arguments: StoreFactory.all,
        [MessageStatus.delivered, .failed, .interrupted]
    )
    func finish(_ factory: StoreFactory, _ status: MessageStatus) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("Which bird?").value
            let lease = try turn.requireLease()
            _ = try await t.store.appendPieces(["A ", "pelican"], at: 0, under: lease)
            let outcome = ReplyOutcome(
                status: status,
                metadata: ["stopped": true, "finish_reason": "length"],
                model: "gull-2-mini",
                tokensUsed: TokenUsage(prompt: 12, completion: 2),
                latencyMilliseconds: 345,
                parts: [["type": "tool_call", "id": "1", "name": "look", "arguments": "{}"]],
                contexts: [["title": "Birds", "score": 1]],
                aiResponse: ["user_explanation": "A pelican"],
                confidence: 0.25
            )
            let commit = try await t.store.finishReply(outcome, under: lease)
            let reply = commit.value
            #expect(commit.changes == [.messageUpdated(reply)])
            #expect(reply.status == status && reply.content == "A pelican" && reply.nextIndex == nil)
            #expect(reply.metadata == outcome.metadata && reply.model == "gull-2-mini")
            #expect(reply.tokensUsed == outcome.tokensUsed && reply.latencyMilliseconds == 345)
            #expect(reply.contexts == outcome.contexts && reply.parts == outcome.parts)
            #expect(reply.aiResponse == outcome.aiResponse && reply.confidence == 0.25)
            #expect(reply.revision == turn.reply.revision + 1)
            #expect(!reply.isEdited)
            #expect(try await t.store.versions(of: reply.id, in: turn.conversation.id, as: .alice).isEmpty)
            #expect(try await t.log(turn.conversation.id).last == reply)
            // What has ended can't be written any more, and the next turn may begin.
            await expectError(.notFound) { try await t.store.appendPieces(["late"], at: 2, under: lease) }
            await expectError(.notFound) { try await t.store.renew(lease) }
            await expectError(.notFound) { try await t.store.finishReply(outcome, under: lease) }
            _ = try await t.begin("And this?", in: turn.conversation.id)
        }
    }

    @Test("A request to stop reaches the writer with its next call", arguments: StoreFactory.all)
    func stop(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("Which bird?").value
            let lease = try turn.requireLease()
            #expect(try await t.store.renew(lease) == .held)
            let asked = try await t.store.requestStop(of: turn.reply.id, as: .alice)
            #expect(asked.status == .streaming)
            #expect(try await t.store.renew(lease) == .stopRequested)
            #expect(try await t.store.appendPieces(["A"], at: 0, under: lease) == .stopRequested)
            #expect(try await t.state(of: turn.conversation.id).revision == turn.conversation.revision)
            let reply = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease).value
            #expect(try await t.store.requestStop(of: reply.id, as: .alice) == reply)
            // The next reply to it starts without that request.
            let again = try await t.store.beginRegeneration(of: reply.id, expectedRevision: nil, as: .alice).value
            #expect(try await t.store.renew(try again.requireLease()) == .held)
        }
    }

    @Test(
        "Invariant 6: a reply whose lease ran out is interrupted, and its writer comes too late",
        arguments: StoreFactory.all
    )
    func abandoned(_ factory: StoreFactory) async throws {
        try await factory.withStore(tick: .zero) { t in
            let dead = try await t.begin("Which bird?").value
            let lease = try dead.requireLease()
            _ = try await t.store.appendPieces(["A peli"], at: 0, under: lease)
            let alive = try await t.begin("And this?").value
            t.clock.advance(by: Limits.replyLease - .microseconds(1))
            #expect(try await t.store.interruptAbandonedReplies().value == 0)
            _ = try await t.store.renew(try alive.requireLease())
            t.clock.advance(by: .microseconds(1))

            let commit = try await t.store.interruptAbandonedReplies()
            #expect(commit.value == 1)
            let reply = try #require(try await t.log(dead.conversation.id).last)
            #expect(commit.changes == [.messageUpdated(reply)])
            #expect(reply.status == .interrupted && reply.content == "A peli" && reply.nextIndex == nil)
            #expect(reply.revision == dead.conversation.revision + 1)
            await expectError(.notFound) { try await t.store.appendPieces(["can"], at: 1, under: lease) }
            await expectError(.notFound) { try await t.store.renew(lease) }
            await expectError(.notFound) {
                try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease)
            }
            // A new lease does not bring the old one back.
            let again = try await t.store.beginRegeneration(of: reply.id, expectedRevision: nil, as: .alice).value
            await expectError(.notFound) { try await t.store.appendPieces(["can"], at: 0, under: lease) }
            #expect(try await t.store.renew(try again.requireLease()) == .held)
            #expect(try await t.store.renew(try alive.requireLease()) == .held)
            #expect(try await t.store.interruptAbandonedReplies().changes.isEmpty)
        }
    }

    @Test("A lease that ran out holds until somebody else takes it", arguments: StoreFactory.all)
    func lateButFirst(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("Which bird?").value
            let lease = try turn.requireLease()
            t.clock.advance(by: Limits.replyLease * 3)
            #expect(try await t.store.appendPieces(["A pelican"], at: 0, under: lease) == .held)
            #expect(try await t.store.interruptAbandonedReplies().value == 0)
        }
    }

    @Test("A reply that is deleted while it is written stays deleted", arguments: StoreFactory.all)
    func deletedWhileStreaming(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("Which bird?").value
            let id = turn.conversation.id
            let lease = try turn.requireLease()
            _ = try await t.store.appendPieces(["A pelican"], at: 0, under: lease)
            let deleted = try await delete(turn.reply.id, in: id, t).value
            #expect(deleted.status == .deleted && deleted.content.isEmpty && deleted.nextIndex == nil)
            await expectError(.notFound) { try await t.store.appendPieces(["late"], at: 1, under: lease) }
            await expectError(.notFound) {
                try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease)
            }
            #expect(try await t.log(id).last == deleted)
            let progress = try await t.store.replyProgress(of: turn.reply.id, after: -1, as: .alice)
            #expect(progress == ReplyProgress(message: deleted, deltas: []))
            #expect(try await t.search("pelican").isEmpty)
            t.clock.advance(by: Limits.replyLease * 2)
            #expect(try await t.store.interruptAbandonedReplies().value == 0)
            _ = try await t.begin("And this?", in: id)
        }
    }

    @Test("A conversation that is deleted while a reply is written takes the reply along", arguments: StoreFactory.all)
    func conversationDeletedWhileStreaming(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("Which bird?").value
            let lease = try turn.requireLease()
            _ = try await t.store.deleteConversation(turn.conversation.id, expectedRevision: nil, as: .alice)
            await expectError(.notFound) { try await t.store.appendPieces(["late"], at: 0, under: lease) }
            await expectError(.notFound) { try await t.store.renew(lease) }
            await expectError(.notFound) {
                try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease)
            }
            await expectError(.notFound) { try await t.store.requestStop(of: turn.reply.id, as: .alice) }
        }
    }

    @Test(
        "The reply that is being written is found by its conversation, with all its pieces",
        arguments: StoreFactory.all
    )
    func runningReply(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let turn = try await t.begin("Which bird?").value
            let id = turn.conversation.id
            func running(as identity: Identity = .alice) async throws -> ReplyProgress? {
                try await t.store.runningReply(in: id, as: identity)
            }
            let lease = try turn.requireLease()
            #expect(try await running() == ReplyProgress(message: turn.reply, deltas: []))
            let pieces = ["A p", "", "elican", " cafe", "\u{301}"]
            _ = try await t.store.appendPieces(pieces, at: 0, under: lease)
            let progress = try #require(try await running())
            #expect(progress == (try await t.store.replyProgress(of: turn.reply.id, after: -1, as: .alice)))
            #expect(progress.deltas.map(\.text.bytes) == pieces.map(\.bytes))
            #expect(progress.deltas.map(\.index) == Array(pieces.indices))
            #expect(progress.message.content.bytes == pieces.joined().bytes)
            #expect(progress.message.nextIndex == pieces.count)
            // Only there, and only for those who see it.
            let (other, _) = try await t.conversation(holding: ["not a reply"])
            #expect(try await t.store.runningReply(in: other, as: .alice) == nil)
            #expect(try await t.store.runningReply(in: try await t.conversation().id, as: .alice) == nil)
            await expectError(.notFound) { try await running(as: .bob) }

            _ = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease)
            #expect(try await running() == nil)
            let again = try await t.store.beginRegeneration(of: turn.reply.id, expectedRevision: nil, as: .alice).value
            #expect(try await running() == ReplyProgress(message: again.reply, deltas: []))
            t.clock.advance(by: Limits.replyLease)
            _ = try await t.store.interruptAbandonedReplies()
            #expect(try await running() == nil)
            let next = try await t.begin("And this?", in: id).value
            _ = try await t.store.appendPieces(["A heron"], at: 0, under: try next.requireLease())
            #expect(try await running()?.deltas.map(\.text) == ["A heron"])
            _ = try await delete(next.reply.id, in: id, t)
            #expect(try await running() == nil)
            _ = try await t.store.deleteConversation(id, expectedRevision: nil, as: .alice)
            await expectError(.notFound) { try await running() }
        }
    }

    @Test("Progress of what is no reply is the message itself", arguments: StoreFactory.all)
    func progressOfMessage(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let (_, messages) = try await t.conversation(holding: ["not a reply"])
            let progress = try await t.store.replyProgress(of: messages[0].id, after: -1, as: .alice)
            #expect(progress == ReplyProgress(message: messages[0], deltas: []))
            #expect(try await t.store.requestStop(of: messages[0].id, as: .alice) == messages[0])
        }
    }
}
