public import ParleyCore

/// How one request is answered: by default well, with a text that derives from what was asked.
public struct Behaviour: Hashable, Sendable {
    /// How a connection is ended.
    public enum Cut: String, Hashable, Sendable, CaseIterable {
        /// In order: the client reads what was sent, then the end.
        case fin
        /// By a reset: what the client has not read yet may be lost.
        case rst
    }

    /// How a stream ends before its time.
    public enum Ending: Hashable, Sendable {
        /// The connection is ended.
        case cut(Cut)
        /// An error is reported in the stream, as after a 200 only a stream can.
        case error
        /// A chunk comes that is no JSON.
        case malformed
        /// The body ends in order, without a finish reason and without `[DONE]`.
        case end
    }

    /// A tool call that is asked for.
    public struct Call: Hashable, Sendable {
        /// The tool.
        public var name: String
        /// The arguments, of any form.
        public var arguments: String
        /// The call's id.
        ///
        /// Made from its round and place where there is none; an empty one is not sent.
        public var id: String?

        /// Makes a call.
        public init(_ name: String, _ arguments: String, id: String? = nil) {
            self.name = name
            self.arguments = arguments
            self.id = id
        }
    }

    /// A status other than 200, with OpenAI's error envelope.
    public var status: Int?
    /// What the error says.
    public var message: String?
    /// `Retry-After` in seconds.
    public var retryAfter: Int?
    /// Whether `Retry-After` is sent as a date.
    public var sendsRetryDate = false
    /// The connection is ended before a byte is answered.
    public var drop: Cut?

    /// How long the first token takes.
    public var firstTokenDelay = Duration.zero
    /// How long each further one takes.
    public var chunkDelay = Duration.zero
    /// The answer's text, in place of the derived one.
    public var answer: String?
    /// The answer is repeated until it has so many bytes, or a few more.
    public var lengthBytes: Int?
    /// The answer is repeated without end.
    public var isEndless = false
    /// What the model thinks aloud first.
    public var reasoning: String?
    /// The passages that are sent as a top-level `contexts`.
    public var contexts: [JSON] = []
    /// The tool calls of each round; behind the last one the text comes.
    ///
    /// Only where tools are offered, unless ``callsUnasked``.
    public var calls: [[Call]] = []
    /// The last round's calls come again and again.
    public var callsForever = false
    /// Calls are made even where no tools are offered.
    public var callsUnasked = false
    /// Whether the usage is told where it is asked for.
    public var tellsUsage = true
    /// Why the answer ends, in place of `stop` or `tool_calls`.
    public var finishReason: String?

    /// The number of deltas after which ``holds`` and ``ending`` come.
    public var after = 0
    /// Nothing more is said until ``Upstream/release()``.
    public var holds = false
    /// How the stream ends then.
    public var ending: Ending?

    /// Whether the stream is written in pieces of a few bytes, each by itself, so that characters and lines are cut.
    public var splits = false
    /// Whether comments stand between the chunks, as servers send them to keep a connection alive.
    public var comments = false
    /// Whether the connection, though kept alive, is ended when the next request comes.
    public var closesNext = false
    /// The status with which a `response_format` is refused.
    public var refusesFormat: Int?
    /// Whether a stream is answered by a whole completion.
    public var answersWhole = false
    /// How often the same last message is answered so; well after that.
    public var times: Int?

    /// Answers well.
    public init() {}

    /// Makes a behaviour by changing the good one.
    public init(_ change: (inout Behaviour) -> Void) {
        change(&self)
    }

    /// A status, and how long to wait.
    public static func status(_ status: Int, retryAfter: Int? = nil, times: Int? = nil) -> Behaviour {
        Behaviour {
            $0.status = status
            $0.retryAfter = retryAfter
            $0.times = times
        }
    }

    /// A stream that ends after so many deltas.
    public static func ending(_ ending: Ending, after: Int) -> Behaviour {
        Behaviour {
            $0.ending = ending
            $0.after = after
        }
    }

    /// The same, so many times for the same last message.
    public func times(_ count: Int) -> Behaviour {
        var copy = self
        copy.times = count
        return copy
    }
}
