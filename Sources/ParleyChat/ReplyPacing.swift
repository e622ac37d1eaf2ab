import ParleyCore

/// The times and sizes that a reply's writing keeps to.
struct ReplyPacing: Sendable {
    /// The least time between two commits of pieces.
    var pieceInterval = Limits.pieceInterval
    /// How long a lease goes without a word to the store before it is renewed.
    var renewal = Limits.replyRenewal
    /// The longest text.
    var contentBytes = Limits.assistantContentBytes
    /// The longest parts, contexts and answer together, as JSON text.
    var attachmentBytes = Limits.messageAttachmentBytes
    /// How often a store that can't be reached is asked again about one thing.
    var retries = Limits.replyStoreRetries

    /// How long to wait before the store is asked again, after it could not be reached `refusals` times before; `nil`
    /// when it has been asked often enough.
    ///
    /// 100 ms, doubling up to 2 s: with eight retries about ten seconds, the length of a lease.
    func retryDelay(after refusals: Int) -> Duration? {
        guard refusals < retries else { return nil }
        return min(.milliseconds(100) * (1 << min(refusals, 10)), .seconds(2))
    }
}

/// Why a reply failed, in words for the client: what becomes `metadata.error`.
struct ReplyFailure: Error, Hashable, Sendable {
    /// One of the wire's error codes.
    let code: String
    /// What a client is told, in a sentence.
    let message: String

    /// Takes what of an error a client may know: a foreign one is told as a failure of the model's server.
    init(_ error: any Error) {
        guard let error = error as? ParleyError else {
            self.init(code: .upstreamError, message: "The model's server failed.")
            return
        }
        self.init(code: error.code, message: error.message)
    }

    private init(code: ParleyError.Code, message: String) {
        self.code = code.description
        self.message = message
    }

    /// The provider said that it is done, and had said nothing.
    static let emptyAnswer = ReplyFailure(code: .upstreamError, message: "The model sent an empty answer.")
}

extension TokenUsage {
    /// A guess from sizes: about four bytes of UTF-8 make a token in today's vocabularies.
    static func estimated(promptBytes: Int, completionBytes: Int) -> TokenUsage {
        TokenUsage(prompt: (promptBytes + 3) / 4, completion: (completionBytes + 3) / 4)
    }
}

extension Duration {
    /// In milliseconds, rounded down.
    var wholeMilliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
