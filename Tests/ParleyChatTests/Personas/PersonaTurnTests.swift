import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

@testable import ParleyChat

@Suite("A turn in a project with a persona")
struct PersonaTurnTests {
    private static let personas = Personas([
        Persona(name: "pirate", systemPrompt: "Speak like a pirate.", model: "parrot-1"),
        Persona(name: "pm", systemPrompt: "Explain and instruct.", answer: .explained),
    ])

    /// Asks in a project with a persona, and returns the reply when it has ended.
    private func reply(
        _ persona: String,
        from provider: any ReplyProvider,
        to question: String = "Why is it slow?",
        model: String? = nil,
        usesTools: Bool = false
    ) async throws -> Message {
        let house = House(provider: provider, personas: Self.personas)
        return try await house.run {
            let project = try house.memory.createProject(NewProject(name: "Ship", persona: persona), as: .alice).value
            let request = TurnRequest(projectID: project.id, message: .user(question), model: model)
            let turn = try await house.chat.begin(
                request,
                options: TurnOptions(usesTools: usesTools),
                expectedRevision: nil,
                as: .alice
            ).value
            return try await house.chat.waitForEnd(turn.reply.id, as: .alice)
        }
    }

    @Test("Its words come first, and its model is asked unless the turn names one")
    func prompt() async throws {
        let provider = ScriptedProvider(saying: "Arr.")
        _ = try await reply("pirate", from: provider)
        _ = try await reply("pirate", from: provider, model: "owl-2")
        #expect(provider.prompts.map(\.model) == ["parrot-1", "owl-2"])
        for prompt in provider.prompts {
            #expect(prompt.messages.map(\.role) == [.system, .user])
            #expect(prompt.messages.first?.content == "Speak like a pirate.")
            #expect(prompt.answerSchema == nil)
        }
    }

    @Test("One that the server does not know changes nothing")
    func unknown() async throws {
        let provider = ScriptedProvider(saying: "Fine.")
        let reply = try await reply("captain", from: provider)
        #expect(reply.status == .delivered && reply.content == "Fine.")
        #expect(provider.prompts.first?.messages.map(\.role) == [.user])
    }

    @Test("An explained answer is asked for by schema, shown as text, and kept taken apart")
    func explained() async throws {
        let provider = ScriptedProvider(
            saying: #"{"user_explanation": "It is"#,
            #" slow.", "technical_instruction": "Add an index.", "confidence": 0.69}"#
        )
        let reply = try await reply("pm", from: provider)
        #expect(provider.prompts.first?.answerSchema == ExplainedAnswer.schema)
        #expect(reply.content == "User Explanation: It is slow.\n\nTechnical Instruction: Add an index.")
        #expect(
            reply.aiResponse == [
                "user_explanation": "It is slow.", "technical_instruction": "Add an index.",
                "confidence": .number(try #require(JSONNumber(0.69))),
            ]
        )
        #expect(reply.confidence == 0.69)
        #expect(reply.metadata["verification_required"] == true)
    }

    @Test(
        "A person is to check what the model is not sure of",
        arguments: [("0.7", 0.7, nil), ("0.5", 0.5, true), ("1", 1, nil), ("\"?\"", 0.5, true)]
            as [(
                String, Double, JSON?
            )]
    )
    func verification(written: String, confidence: Double, mark: JSON?) async throws {
        let provider = ScriptedProvider(saying: #"{"user_explanation": "x", "confidence": \#(written)}"#)
        let reply = try await reply("pm", from: provider)
        #expect(reply.confidence == confidence)
        #expect(reply.metadata["verification_required"] == mark)
    }

    @Test("Plain text stays what it is, and wants to be checked")
    func plain() async throws {
        let reply = try await reply("pm", from: ScriptedProvider(saying: "It is ", "slow."))
        #expect(reply.content == "It is slow.")
        #expect(reply.aiResponse == nil && reply.confidence == 0.5)
        #expect(reply.metadata["verification_required"] == true)
    }

    @Test("Between calls of tools a whole answer may be written; the last one counts")
    func agent() async throws {
        let provider = ScriptedProvider(
            rounds: [
                .text(#"{"user_explanation": "I look.", "confidence": 0.1}"#),
                .toolCall(ToolCall(id: "1", name: "search_conversations", arguments: #"{"query":"index"}"#)),
            ],
            [.text(#"{"user_explanation": "Found.", "technical_instruction": "Add it.", "confidence": 0.9}"#)]
        )
        let reply = try await reply("pm", from: provider, usesTools: true)
        let text = "User Explanation: I look.\n\nUser Explanation: Found.\n\nTechnical Instruction: Add it."
        #expect(reply.content == text)
        #expect(reply.aiResponse?["user_explanation"] == "Found.")
        #expect(reply.confidence == 0.9 && reply.metadata["verification_required"] == nil)
    }

    @Test("What had come before a failure is kept, also what was held back")
    func failure() async throws {
        let provider = ScriptedProvider { _, consume in
            try await consume(.text("Sure, here"))
            throw ParleyError(.upstreamError, "It broke.")
        }
        let reply = try await reply("pm", from: provider)
        #expect(reply.status == .failed && reply.content == "Sure, here")
    }

    @Test("The echo answers in that shape, too")
    func echo() async throws {
        let reply = try await reply("pm", from: EchoProvider(delay: .zero), to: "Say \"{hi}\"\n")
        #expect(reply.content.hasPrefix("User Explanation: This is Parley's built-in echo"))
        #expect(reply.content.contains("You said: Say \"{hi}\"\n\n\nTechnical Instruction: To talk to a model"))
        #expect(reply.aiResponse?["technical_instruction"]?.stringValue?.contains("model.url") == true)
        #expect(reply.confidence == 0.5)
        #expect(reply.metadata["verification_required"] == true)
    }
}
