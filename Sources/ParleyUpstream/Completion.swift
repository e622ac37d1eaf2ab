import ParleyCore

/// One request for a completion that is being answered.
struct Completion: Sendable {
    let upstream: Upstream
    let writer: AnswerWriter
    /// The request's number in the log.
    let id: Int
    let request: CompletionRequest
    let behaviour: Behaviour

    /// Why there is no completion; `nil` where there is one.
    var refusal: (status: Int, message: String, code: String)? {
        if let status = behaviour.status {
            let code = status == 429 ? "rate_limit_exceeded" : "server_error"
            return (status, behaviour.message ?? Self.message(of: status), code)
        }
        guard !request.messages.isEmpty else {
            return (400, "We could not parse the JSON body of your request.", "invalid_request")
        }
        guard upstream.settings.knows(request.model) else {
            return (404, "The model `\(request.model)` does not exist.", "model_not_found")
        }
        if let status = behaviour.refusesFormat, request.body["response_format"] != nil {
            return (status, "'response_format' is not supported by this model.", "unsupported_parameter")
        }
        return nil
    }

    /// `Retry-After`, where a refusal is to bear it.
    var retryAfter: [(String, String)] {
        guard let seconds = behaviour.retryAfter else { return [] }
        let value = behaviour.sendsRetryDate ? (upstream.clock.now() + .seconds(seconds)).httpDate : "\(seconds)"
        return [("Retry-After", value)]
    }

    /// Answers; returns whether the connection goes on.
    func write() async throws -> Bool {
        let created = upstream.clock.now().microseconds / 1_000_000
        let script = CompletionScript(request, behaviour, id: id, created: created)
        upstream.log.answer(id, status: 200)
        guard request.streams, !behaviour.answersWhole else {
            try await pause(behaviour.firstTokenDelay)
            if behaviour.holds { try await upstream.gate.wait() }
            try await writer.respond(200, body: script.message.serialized)
            upstream.log.end(id, .whole, deltas: script.pieceCount)
            return true
        }
        return try await stream(script)
    }

    private func stream(_ script: CompletionScript) async throws -> Bool {
        var script = script
        // A second end does not count: this is for a client that has left.
        defer { upstream.log.end(id, .clientLeft, deltas: script.deltaCount) }
        try await writer.beginStream()
        while let step = script.next() {
            switch step {
            case .wait(let duration): try await pause(duration)
            case .comment: try await writer.write(": keep-alive\n\n", splitting: behaviour.splits)
            case .event(let data): try await writer.write("data: \(data)\n\n", splitting: behaviour.splits)
            case .hold: try await upstream.gate.wait()
            case .cut(let cut):
                try await writer.cut(cut)
                // Said only now, so that who waits for it knows that the connection is closed.
                upstream.log.end(id, .cut, deltas: script.deltaCount)
                return false
            }
        }
        try await writer.endStream()
        upstream.log.end(id, behaviour.ending == nil ? .whole : .cut, deltas: script.deltaCount)
        return true
    }

    private func pause(_ duration: Duration) async throws {
        guard duration > .zero else { return }
        try await ContinuousClock().sleep(for: duration)
    }

    private static func message(of status: Int) -> String {
        switch status {
        case 429: "Rate limit reached for requests."
        case 500...: "The server had an error while processing your request."
        default: "The request can't be answered."
        }
    }
}
