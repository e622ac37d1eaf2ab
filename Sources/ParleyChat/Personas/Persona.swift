import ParleyCore

/// Who answers in a project: what the model is told about itself, which model it is, and what its answers look like.
public struct Persona: Hashable, Sendable {
    /// What the model's answers look like.
    public enum Answer: String, Hashable, Sendable, CaseIterable {
        /// Plain text.
        case text
        /// An explanation for people, an instruction for engineers, and how sure of it the model is.
        case explained
    }

    /// What a project's `persona` says.
    public let name: String
    /// What the model is told before everything else; none means nothing.
    public let systemPrompt: String?
    /// The model to ask where a turn names none; none means the provider's own choice.
    public let model: String?
    /// What the answers look like.
    public let answer: Answer

    /// Makes a persona.
    public init(name: String, systemPrompt: String?, model: String? = nil, answer: Answer = .text) {
        self.name = name
        self.systemPrompt = systemPrompt
        self.model = model
        self.answer = answer
    }
}

/// The personas that a server knows, by name.
public struct Personas: Sendable {
    private let byName: [String: Persona]

    /// Takes personas; of two with one name the last counts.
    public init(_ personas: [Persona] = []) {
        byName = Dictionary(personas.map { ($0.name, $0) }) { $1 }
    }

    /// The persona of that name; `nil` where the server does not know it.
    public subscript(name: String) -> Persona? { byName[name] }
}

extension Persona {
    /// Makes a prompt its own: its words come first, its model where none is asked for, and the shape of its answers.
    func apply(to prompt: inout Prompt) {
        if let systemPrompt { prompt.messages.insert(PromptMessage(role: .system, content: systemPrompt), at: 0) }
        if prompt.model == nil { prompt.model = model }
        switch answer {
        case .text: break
        case .explained: prompt.answerSchema = ExplainedAnswer.schema
        }
    }

    /// A provider whose text is what people are to read, whatever shape the model was asked for.
    func readable(_ provider: any ReplyProvider) -> any ReplyProvider {
        switch answer {
        case .text: provider
        case .explained: ExplainedAnswerProvider(base: provider)
        }
    }
}
