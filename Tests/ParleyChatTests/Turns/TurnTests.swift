import ParleyChat
import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@Suite("A turn with a model", .timeLimit(.minutes(15)))
struct TurnTests {
    @Test("It ends as one delivered message, with what it cost, who wrote it, and a line in the query log")
    func turn() async throws {
        let provider = ScriptedProvider { _, consume in
            for chunk: ReplyChunk in [
                .model("big-1"), .text("Hel"), .text("lo"), .finishReason("stop"),
                .usage(TokenUsage(prompt: 3, completion: 2)),
            ] { try await consume(chunk) }
        }
        let house = House(provider: provider)
        try await house.run {
            let identity = Identity.person("alice", department: "Ops", sessionID: "s1")
            let turn = try await house.ask("Hi", as: identity)
            #expect(turn.reply.status == .streaming)
            let reply = try await house.chat.waitForEnd(turn.reply.id, as: identity)
            #expect(reply.status == .delivered)
            #expect(reply.content == "Hello")
            #expect(reply.model == "big-1")
            #expect(reply.tokensUsed == TokenUsage(prompt: 3, completion: 2))
            #expect(reply.latencyMilliseconds != nil)
            #expect(reply.metadata.members.map(\.name) == ["time_to_first_token_ms"])
            #expect(try house.stored(turn.reply.id) == reply)
            await house.registryIsEmpty()
            let line = try #require(try house.memory.entries(since: Timestamp(microseconds: 0), limit: 10).first)
            #expect(line.email == identity.email)
            #expect(line.department == "Ops")
            #expect(line.sessionID == "s1")
            #expect(line.messageID == reply.id)
            #expect(line.status == .delivered)
            #expect(line.tokensUsed == reply.tokensUsed)
            #expect(line.latencyMilliseconds == reply.latencyMilliseconds)
            let firstToken = try #require(line.firstTokenMilliseconds)
            #expect(reply.metadata["time_to_first_token_ms"]?.intValue == firstToken)
        }
    }

    @Test("The model is sent what is stored, and the filters as they came")
    func prompt() async throws {
        let provider = ScriptedProvider(saying: "fine")
        let house = House(provider: provider)
        try await house.run {
            let first = try await house.ask("How are you?")
            _ = try await house.chat.waitForEnd(first.reply.id, as: .alice)
            var request = TurnRequest(conversationID: first.conversation.id, message: .user("And now?"))
            request.model = "other"
            let filters: JSON = ["year": 2026]
            let second = try await house.chat.begin(
                request,
                options: TurnOptions(filters: filters),
                expectedRevision: nil,
                as: .alice
            )
            let reply = try await house.chat.waitForEnd(second.value.reply.id, as: .alice)
            #expect(reply.model == "other")
            let asked = try #require(provider.prompts.last)
            #expect(asked.messages.map(\.content) == ["How are you?", "fine", "And now?"])
            #expect(asked.messages.map(\.role) == [.user, .assistant, .user])
            #expect(asked.model == "other")
            #expect(asked.filters == filters)
        }
    }

    @Test("A failure of the provider keeps what had come, the person's message, and says why")
    func failure() async throws {
        let provider = ScriptedProvider { _, consume in
            try await consume(.text("Half an ans"))
            throw ParleyError(.upstreamError, "The model's server broke off.")
        }
        let house = House(provider: provider)
        try await house.run {
            let turn = try await house.ask("Hi")
            let reply = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            #expect(reply.status == .failed)
            #expect(reply.content == "Half an ans")
            #expect(reply.metadata["error"] == ["code": "upstream_error", "message": "The model's server broke off."])
            #expect(reply.metadata["tokens_estimated"] == true)
            #expect(try house.stored(turn.userMessage.id).content == "Hi")
        }
    }

    @Test("One reply at a time: a second is refused, keeps no place, and may come when the first has ended")
    func oneAtATime() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let house = House(provider: provider)
        try await house.run {
            let turn = try await house.ask()
            await #expect(code { try await house.ask("More", in: turn.conversation.id) } == .replyInProgress)
            #expect(house.registry.runningReplies == 1)
            feed.yield(.text("done"))
            feed.finish()
            _ = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            let second = try await house.ask("More", in: turn.conversation.id)
            #expect(second.userMessage.seq == 3)
        }
    }

    @Test("Invariant 6: a turn that is sent again joins, and the model is asked once")
    func retriesJoin() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let house = House(provider: provider)
        let ids = UUIDv7Maker()
        try await house.run {
            let id: MessageID = ids.make()
            let turns = try await withThrowingTaskGroup(of: Turn.self) { group in
                for _ in 0..<8 { group.addTask { try await house.ask("Once", id: id) } }
                return try await group.reduce(into: [Turn]()) { $0.append($1) }
            }
            #expect(Set(turns.map(\.reply.id)).count == 1)
            #expect(Set(turns.map(\.conversation.id)).count == 1)
            #expect(turns.filter { $0.lease != nil }.count == 1)
            #expect(house.registry.runningReplies == 1)
            feed.yield(.text("once"))
            feed.finish()
            let reply = try await house.chat.waitForEnd(turns[0].reply.id, as: .alice)
            let later = try await house.ask("Once", id: id)
            #expect(later.lease == nil)
            #expect(later.reply == reply)
            #expect(provider.prompts.count == 1)
            await #expect(code { try await house.ask("Other", id: id) } == .idempotencyConflict)
        }
    }

    @Test("A client that leaves stops nothing", arguments: [true, false])
    func clientLeaves(byCancellation: Bool) async throws {
        struct Gone: Error {}
        let (provider, feed) = ScriptedProvider.fed()
        let house = House(provider: provider)
        try await house.run {
            let turn = try await house.ask()
            feed.yield(.text("a"))
            let follower = Task {
                try await house.chat.follow(turn.reply.id, after: -1, as: .alice) { _ in
                    if byCancellation { withUnsafeCurrentTask { $0?.cancel() } } else { throw Gone() }
                }
            }
            await #expect(throws: (any Error).self) { try await follower.value }
            feed.yield(.text("b"))
            feed.finish()
            let reply = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            #expect(reply.content == "ab")
            #expect(reply.status == .delivered)
        }
    }

    @Test("A request that is cancelled while its turn is committed still gets its reply")
    func cancelledWhileBeginning() async throws {
        let provider = ScriptedProvider(saying: "here")
        let house = House(provider: provider)
        let ids = UUIDv7Maker()
        try await house.run {
            let id: MessageID = ids.make()
            let request = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await house.ask("Anyone?", id: id)
            }
            let turn = try await request.value
            let reply = try await house.chat.waitForEnd(turn.reply.id, as: .alice)
            #expect(reply.content == "here")
        }
    }

    @Test("Beginning anew keeps the text before as a version, and shows the new one from its beginning")
    func regenerate() async throws {
        let (provider, feed) = ScriptedProvider.fed()
        let first = House(provider: ScriptedProvider(saying: "first"))
        var conversation: Conversation?
        var reply: MessageID?
        try await first.run {
            let turn = try await first.ask("Say")
            _ = try await first.chat.waitForEnd(turn.reply.id, as: .alice)
            await #expect(code { try await first.regenerate(turn.userMessage.id) } == .invalidRequest)
            (conversation, reply) = (turn.conversation, turn.reply.id)
        }
        let second = House(provider: provider, sharing: first.memory)
        let id = try #require(reply)
        let conversationID = try #require(conversation?.id)
        try await second.run {
            let turn = try await second.regenerate(id)
            #expect(turn.reply.id == id)
            #expect(turn.reply.content == "")
            try await withThrowingTaskGroup(of: Void.self) { group in
                // Whoever has seen five pieces of the version before is shown all of this one.
                var followed = second.follow(id, after: 4, in: &group)
                feed.yield(.text("sec"))
                #expect(await followed.delta()?.index == 0)
                feed.yield(.text("ond"))
                #expect(await followed.delta()?.text == "ond")
                feed.finish()
                #expect(await followed.rest().message?.content == "second")
                try await group.waitForAll()
            }
            let versions = try second.memory.versions(of: id, in: conversationID, as: .alice)
            #expect(versions.map(\.content) == ["first"])
            #expect(provider.prompts.first?.messages.map(\.content) == ["Say"])
        }
    }
}

extension House {
    /// Waits until all replies have left the registry: their log lines are written before that.
    func registryIsEmpty() async {
        while registry.runningReplies > 0 { await Task.yield() }
    }

    func regenerate(_ id: MessageID) async throws -> Turn {
        try await chat.regenerate(id, options: TurnOptions(), expectedRevision: nil, as: .alice).value
    }
}
