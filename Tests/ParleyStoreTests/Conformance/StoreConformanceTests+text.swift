import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test(
        "The big list of naughty strings comes back byte by byte, from everywhere text is kept",
        arguments: StoreFactory.all
    )
    func naughtyStrings(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let texts = try NaughtyStrings.all
            let id = try await t.conversation().id
            for start in stride(from: 0, to: texts.count, by: Limits.messagesPerAppend) {
                let batch = texts[start..<min(start + Limits.messagesPerAppend, texts.count)]
                let inputs = batch.map { NewMessage(role: .user, content: $0, metadata: ["text": .string($0)]) }
                let stored = try await t.append(inputs, to: id).value
                #expect(stored.map(\.content.bytes) == batch.map(\.bytes))
            }
            let log = try await t.log(id)
            #expect(log.map(\.content.bytes) == texts.map(\.bytes))
            #expect(log.map { $0.metadata["text"]?.stringValue?.bytes } == texts.map(\.bytes))

            let turn = try await t.turn("Say them all", answer: texts)
            #expect(turn.reply.content.bytes == texts.joined().bytes)
            for text in texts.prefix(60) {
                let draft = try await t.store.setDraft(text, in: id, as: .alice)
                #expect(draft.text.bytes == text.bytes)
                #expect(try await t.store.draft(in: id, as: .alice)?.text.bytes == text.bytes)
                let changes = ConversationChanges(title: text, description: text)
                let commit = try await t.store.updateConversation(id, changes, expectedRevision: nil, as: .alice)
                #expect(commit.value.title.bytes == text.bytes)
                #expect(try await t.state(of: id).description?.bytes == text.bytes)
            }
        }
    }

    @Test("Texts that only look alike stay apart", arguments: StoreFactory.all)
    func lookalikes(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let texts = [
                "caf\u{E9}", "cafe\u{301}", "\u{212B}", "\u{C5}", "A\u{30A}", "\r\n", "\n", " ", "\u{FEFF}",
                "\u{202E}x",
            ]
            let (id, _) = try await t.conversation(holding: texts)
            #expect(try await t.log(id).map(\.content.bytes) == texts.map(\.bytes))
            try await react("\u{E9}", true, on: try await t.log(id)[0].id, in: id, t)
            let message = try await react("e\u{301}", true, on: try await t.log(id)[0].id, in: id, t).value
            #expect(message.reactions.map(\.emoji.bytes) == ["\u{E9}".bytes, "e\u{301}".bytes])
            // One create's fingerprint is not the other's.
            let messageID: MessageID = t.id()
            _ = try await t.append([.user("caf\u{E9}", id: messageID)], to: id)
            await expectError(.idempotencyConflict) {
                try await t.append([.user("cafe\u{301}", id: messageID)], to: id)
            }
        }
    }

    @Test("JSON comes back as it went in: order, digits, escapes and names", arguments: StoreFactory.all)
    func json(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let text = #"""
                {"z":1,"a":1.0,"big":123456789012345678901234567890,"e":-1.50e+10,"n":null,"t":true,"s":"\u0000\\\"\/é",
                "":{"":[]},"\u00e9":1,"e\u0301":2,"emoji":"👩‍👩‍👧","deep":[[[[{"x":[{}]}]]]]}
                """#
            let value = try JSON(parsing: text)
            let object = try #require(value.objectValue)
            #expect(object.members.count == 12)
            let input = NewMessage(
                role: .assistant,
                content: "x",
                parts: [["type": "later", "value": value], ["type": "text"]],
                metadata: object,
                contexts: [value],
                aiResponse: value
            )
            let create = NewConversation(title: "JSON", metadata: object)
            let conversation = try await t.store.createConversation(create, as: .alice).value
            #expect(JSON.object(conversation.metadata).text == value.text)
            _ = try await t.append([input], to: conversation.id)
            #expect(JSON.object(try await t.state(of: conversation.id).metadata).text == value.text)
            let message = try #require(try await t.log(conversation.id).first)
            #expect(JSON.object(message.metadata).text == value.text)
            #expect(message.parts.map { JSON.array($0).text } == input.parts.map { JSON.array($0).text })
            #expect(message.contexts.map { JSON.array($0).text } == "[\(value.text)]")
            #expect(message.aiResponse?.text == value.text)

            // Nothing, empty and null are three things.
            let bare = NewMessage(role: .assistant, content: "x")
            let empty = NewMessage(role: .assistant, content: "x", parts: [], contexts: [], aiResponse: .null)
            let stored = try await t.append([bare, empty], to: conversation.id).value
            #expect(stored[0].parts == nil && stored[0].contexts == nil && stored[0].aiResponse == nil)
            #expect(stored[1].parts == [] && stored[1].contexts == [] && stored[1].aiResponse == .null)
            #expect(try await t.log(conversation.id).suffix(2) == stored[...])
        }
    }

    @Test("Texts as long as the limits allow are kept whole", arguments: StoreFactory.all)
    func longTexts(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let question = String(repeating: "q ", count: Limits.messageContentBytes / 2)
            let answer = String(repeating: "東京 ", count: Limits.assistantContentBytes / 7)
            let turn = try await t.begin(question).value
            let lease = try turn.requireLease()
            let half = answer.index(answer.startIndex, offsetBy: answer.count / 2)
            _ = try await t.store.appendPieces(
                [String(answer[..<half]), String(answer[half...])],
                at: 0,
                under: lease
            )
            let reply = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: lease).value
            #expect(reply.content == answer)
            let log = try await t.log(turn.conversation.id)
            #expect(log.map(\.content) == [question, answer])
            #expect(try await t.search("東京").count == 1)
        }
    }

    @Test("Times keep their microseconds", arguments: StoreFactory.all)
    func microseconds(_ factory: StoreFactory) async throws {
        try await factory.withStore(tick: .zero) { t in
            for microseconds in [1_767_603_600_123_457, 1, 0, -1, 253_402_300_799_999_999] as [Int64] {
                let time = Timestamp(microseconds: microseconds)
                t.clock.set(time)
                let (id, messages) = try await t.conversation(holding: ["x"])
                #expect(messages[0].createdAt == time)
                #expect(try await t.log(id)[0].createdAt == time)
                #expect(try await t.state(of: id).updatedAt == time)
            }
        }
    }
}
