public import ParleyCore

/// Why a behaviour's text says nothing.
public struct UnknownBehaviour: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String
}

extension Behaviour {
    /// The members of a behaviour's JSON, with what they mean: for the help.
    public static let members: [(name: String, meaning: String)] = [
        ("status", "answer with this HTTP status and OpenAI's error envelope"),
        ("message", "what the error says"),
        ("retry_after", "Retry-After, in seconds"),
        ("retry_date", "true: Retry-After is sent as an HTTP date"),
        ("drop", "end the connection before a byte is answered: \"fin\" or \"rst\""),
        ("first_token_ms", "how long the first token takes"),
        ("chunk_ms", "how long each further one takes"),
        ("answer", "the text, in place of the derived one"),
        ("length", "repeat the text until it has so many bytes"),
        ("endless", "true: repeat the text without end"),
        ("reasoning", "what the model thinks aloud first (reasoning_content)"),
        ("contexts", "objects to be sent as top-level contexts"),
        ("calls", "rounds of tool calls: [[{\"name\",\"arguments\",\"id\"?}]]"),
        ("calls_forever", "true: the last round comes again and again"),
        ("calls_unasked", "true: call also where no tools are offered"),
        ("usage", "false: tell no usage"),
        ("finish_reason", "length, content_filter, …"),
        ("after", "the number of deltas after which hold and then come"),
        ("hold", "true: say nothing more until POST /control/release"),
        ("then", "end the stream: \"fin\", \"rst\", \"error\", \"malformed\" or \"end\""),
        ("split", "true: write in pieces of a few bytes, characters cut"),
        ("comments", "true: put keep-alive comments between the chunks"),
        ("closes_next", "true: end the kept connection when the next request comes"),
        ("refuses_format", "refuse a response_format with this status"),
        ("whole", "true: answer in one piece, though a stream is asked for"),
        ("times", "only for so many requests with the same last message"),
    ]

    /// Reads a preset's name, or a behaviour as a JSON object.
    public init(parsing text: some StringProtocol) throws(UnknownBehaviour) {
        if let preset = Self.presets.first(where: { $0.name == text }) {
            self = preset.behaviour
            return
        }
        guard let json = try? JSON(parsing: String(text)) else {
            throw UnknownBehaviour(description: "\(text) is no preset and no JSON.")
        }
        try self.init(json: json)
    }

    /// Reads a behaviour, or the name of a preset.
    public init(json: JSON) throws(UnknownBehaviour) {
        if let name = json.stringValue {
            try self.init(parsing: name)
            return
        }
        guard let object = json.objectValue else { throw UnknownBehaviour(description: "A behaviour is an object.") }
        self.init()
        for member in object.members {
            guard read(member.name, member.value) else {
                throw UnknownBehaviour(description: "\(member.name) can't be \(member.value.text).")
            }
        }
    }

    // A member that is there must say something that is known.
    private mutating func read(_ name: String, _ value: JSON) -> Bool {
        switch name {
        case "status": set(\.status, value.intValue)
        case "message": set(\.message, value.stringValue)
        case "retry_after": set(\.retryAfter, value.intValue)
        case "retry_date": set(\.sendsRetryDate, value.boolValue)
        case "drop": set(\.drop, value.stringValue.flatMap(Cut.init))
        case "first_token_ms": set(\.firstTokenDelay, value.intValue.map(Duration.milliseconds))
        case "chunk_ms": set(\.chunkDelay, value.intValue.map(Duration.milliseconds))
        case "answer": set(\.answer, value.stringValue)
        case "length": set(\.lengthBytes, value.intValue)
        case "endless": set(\.isEndless, value.boolValue)
        case "reasoning": set(\.reasoning, value.stringValue)
        case "contexts": set(\.contexts, value.arrayValue)
        case "calls": set(\.calls, Self.rounds(value))
        case "calls_forever": set(\.callsForever, value.boolValue)
        case "calls_unasked": set(\.callsUnasked, value.boolValue)
        case "usage": set(\.tellsUsage, value.boolValue)
        case "finish_reason": set(\.finishReason, value.stringValue)
        case "after": set(\.after, value.intValue)
        case "hold": set(\.holds, value.boolValue)
        case "then": set(\.ending, value.stringValue.flatMap(Ending.init(name:)))
        case "split": set(\.splits, value.boolValue)
        case "comments": set(\.comments, value.boolValue)
        case "whole": set(\.answersWhole, value.boolValue)
        case "closes_next": set(\.closesNext, value.boolValue)
        case "refuses_format": set(\.refusesFormat, value.intValue)
        case "times": set(\.times, value.intValue)
        default: false
        }
    }

    private mutating func set<Value>(_ path: WritableKeyPath<Self, Value>, _ value: Value?) -> Bool {
        guard let value else { return false }
        self[keyPath: path] = value
        return true
    }

    private mutating func set<Value>(_ path: WritableKeyPath<Self, Value?>, _ value: Value?) -> Bool {
        guard let value else { return false }
        self[keyPath: path] = value
        return true
    }

    private static func rounds(_ value: JSON) -> [[Call]]? {
        guard let rounds = value.arrayValue else { return nil }
        let calls = rounds.map { round in
            round.arrayValue?.compactMap { call in
                call["name"]?.stringValue.map { name in
                    Call(name, call["arguments"].map(\.textOrString) ?? "{}", id: call["id"]?.stringValue)
                }
            }
        }
        return calls.contains(nil) ? nil : calls.compactMap { $0 }
    }
}

extension Behaviour.Ending {
    init?(name: String) {
        switch name {
        case "error": self = .error
        case "malformed": self = .malformed
        case "end": self = .end
        default:
            guard let cut = Behaviour.Cut(rawValue: name) else { return nil }
            self = .cut(cut)
        }
    }
}

extension JSON {
    /// A string's text, or any other value's JSON.
    fileprivate var textOrString: String { stringValue ?? text }
}
