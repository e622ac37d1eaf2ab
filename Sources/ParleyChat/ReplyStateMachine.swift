import ParleyCore

/// The rules by which one reply is written: what is committed when, when the lease is renewed, and how the reply ends.
///
/// Pure: it is told what happened (``receive(_:at:)``) and asked what to do next (``nextAction(at:)``) until that is
/// nothing; then it wants to be asked again at ``wakeAt``, or when something else has happened. Times are durations since
/// the reply began. At most one request to the store is under way, so what comes meanwhile is gathered into the next.
struct ReplyStateMachine: Sendable {
    /// What can happen to a reply.
    enum Event: Hashable, Sendable {
        /// The prompt is ready, of so many bytes, and the provider is being asked.
        case prompted(bytes: Int)
        /// The provider sent something.
        case chunk(ReplyChunk)
        /// The provider's answer is complete.
        case providerEnded
        /// The provider failed.
        case providerFailed(ReplyFailure)
        /// Somebody wants the reply to end where it is.
        case stopRequested
        /// This instance shuts down.
        case parked
        /// The time of ``ReplyStateMachine/wakeAt`` may have come.
        case woken
        /// The store has committed the pieces, or renewed the lease.
        case stored(LeaseState)
        /// The store has committed the reply's end.
        case finished
        /// The store did not do what was asked.
        case refused(Refusal)
    }

    /// Why a store did not do what was asked.
    enum Refusal: Hashable, Sendable {
        /// The reply was deleted or taken over: it is no longer ours.
        case leaseLost
        /// The store can't be reached, and may or may not have done it.
        case unavailable
        /// Asking again won't help.
        case broken
    }

    /// What to do.
    enum Action: Hashable, Sendable {
        /// Call the model. Comes first, and only once.
        case callProvider
        /// Cancel the call to the model, and take no more from it. Only where it was called and has not ended by itself.
        case endProvider
        /// Ask the store; the answer comes back as an event.
        case ask(Request)
    }

    /// What the store is asked.
    enum Request: Hashable, Sendable {
        /// Commit a piece at its index.
        case commit(String, index: Int)
        /// Renew the lease.
        case renew
        /// Commit the reply's end.
        case finish(ReplyOutcome)
    }

    /// How the writing came to its end.
    enum Closing: Hashable, Sendable {
        /// The outcome is committed.
        case finished(ReplyOutcome)
        /// The reply was no longer ours.
        case leaseLost
        /// The store could not be brought to take it; what was committed stays, and the sweep will mark it interrupted.
        case gaveUp
    }

    private enum Phase: Hashable {
        case writing
        case ending(Ending)
        case closed(Closing)
    }

    private enum ProviderPhase: Hashable {
        case notCalled
        case called
        case done
    }

    private enum Ending: Hashable {
        case complete
        case tooLong
        case stopped
        case failed(ReplyFailure)
        case interrupted
    }

    private struct Outstanding: Hashable {
        var request: Request
        var refusals = 0
        // When to ask again; `nil` while the store is at it.
        var retryAt: Duration?
    }

    private let pacing: ReplyPacing
    private let usesTools: Bool
    private var phase = Phase.writing
    private var provider = ProviderPhase.notCalled
    private var outstanding: Outstanding?
    private var promptBytes = 0
    private var pending = ""
    private var acceptedBytes = 0
    private var nextIndex = 0
    private var commitDue = Duration.zero
    private var renewDue: Duration
    private var model: String?
    private var firstTokenAt: Duration?
    private var extras: ReplyExtras
    private var usage: TokenUsage?
    private var isUsageEstimated = false
    private var finishReason: String?

    /// Makes the rules of a reply by a model that is known so far as `model`.
    ///
    /// `usesTools` is kept in the reply's metadata, as `agent`: so that it can be written anew in the same way.
    init(model: String? = nil, usesTools: Bool = false, pacing: ReplyPacing = ReplyPacing()) {
        self.model = model
        self.usesTools = usesTools
        self.pacing = pacing
        extras = ReplyExtras(limitBytes: pacing.attachmentBytes)
        renewDue = pacing.renewal
    }

    /// How the writing ended; `nil` while it goes on.
    var closing: Closing? {
        if case .closed(let closing) = phase { closing } else { nil }
    }

    /// Text that waits for its commit, in bytes: what the provider is held back by.
    var uncommittedBytes: Int {
        guard case .commit(let text, _) = outstanding?.request else { return pending.utf8.count }
        return text.utf8.count + pending.utf8.count
    }

    /// When there will be something to do though nothing happens; `nil` when only an event can bring that about.
    var wakeAt: Duration? {
        if let outstanding { return outstanding.retryAt }
        guard phase == .writing else { return nil }
        return pending.isEmpty ? renewDue : min(commitDue, renewDue)
    }
}

// MARK: - What happens

extension ReplyStateMachine {
    /// Takes note of what happened.
    mutating func receive(_ event: Event, at now: Duration) {
        switch event {
        case .prompted(let bytes): promptBytes = bytes
        case .chunk(let chunk):
            // What a provider sends after it was told to end is not part of the reply.
            if phase == .writing { take(chunk, at: now) }
        case .providerEnded:
            provider = .done
            end(providerEnding)
        case .providerFailed(let failure):
            provider = .done
            end(.failed(failure))
        case .stopRequested: end(.stopped)
        case .parked: end(.interrupted)
        case .woken: break
        case .stored(let lease): stored(lease, at: now)
        case .finished: finished()
        case .refused(let refusal): refused(refusal, at: now)
        }
    }

    // The first reason to end counts: a reply that is complete can't be stopped, one that was stopped can't fail.
    private mutating func end(_ ending: Ending) {
        if phase == .writing { phase = .ending(ending) }
    }

    // An answer without a word is no answer, unless the model says why.
    private var providerEnding: Ending {
        let saysWhy = finishReason.map { $0 != "stop" } ?? false
        return acceptedBytes == 0 && !saysWhy && !extras.hasToolCalls ? .failed(.emptyAnswer) : .complete
    }

    private mutating func take(_ chunk: ReplyChunk, at now: Duration) {
        switch chunk {
        case .text, .reasoning, .toolCall: firstTokenAt = firstTokenAt ?? now
        default: break
        }
        switch chunk {
        case .text(let text): take(text)
        case .reasoning(let text): extras.think(text)
        case .toolCall(let call): extras.add(call)
        case .toolResult(let result): extras.add(result)
        case .contexts(let contexts): extras.contexts = contexts
        case .structured(let answer, let confidence):
            extras.answer = answer
            extras.confidence = min(max(confidence, 0), 1)
        case .model(let name): model = name.storable.prefix(utf8Bytes: Limits.modelBytes)
        case .usage(let usage): (self.usage, isUsageEstimated) = (usage, false)
        case .estimatedUsage(let usage): (self.usage, isUsageEstimated) = (usage, true)
        case .finishReason(let reason): finishReason = reason.storable.prefix(utf8Bytes: Self.reasonBytes)
        }
    }

    // The longest finish reason in use has 14 letters.
    private static let reasonBytes = 64

    private mutating func take(_ text: String) {
        var text = text.storable
        let room = pacing.contentBytes - acceptedBytes
        if text.utf8.count > room {
            text = text.prefix(utf8Bytes: room)
            end(.tooLong)
        }
        acceptedBytes += text.utf8.count
        pending += text
    }

    private mutating func stored(_ lease: LeaseState, at now: Duration) {
        guard let outstanding, outstanding.retryAt == nil else { return }
        switch outstanding.request {
        case .commit: nextIndex += 1
        case .renew: break
        case .finish: return
        }
        self.outstanding = nil
        renewDue = now + pacing.renewal
        if lease == .stopRequested { end(.stopped) }
    }

    private mutating func finished() {
        guard case .finish(let outcome)? = outstanding?.request else { return }
        outstanding = nil
        phase = .closed(.finished(outcome))
    }

    private mutating func refused(_ refusal: Refusal, at now: Duration) {
        guard var asked = outstanding, asked.retryAt == nil else { return }
        switch refusal {
        case .leaseLost: close(.leaseLost)
        case .broken: close(.gaveUp)
        case .unavailable:
            guard let delay = pacing.retryDelay(after: asked.refusals) else { return close(.gaveUp) }
            asked.refusals += 1
            asked.retryAt = now + delay
            outstanding = asked
        }
    }

    private mutating func close(_ closing: Closing) {
        outstanding = nil
        pending = ""
        phase = .closed(closing)
    }
}

// MARK: - What to do

extension ReplyStateMachine {
    /// What to do now; `nil` when that is nothing.
    mutating func nextAction(at now: Duration) -> Action? {
        switch provider {
        case .notCalled where phase == .writing:
            provider = .called
            return .callProvider
        case .called where phase != .writing:
            provider = .done
            return .endProvider
        case .notCalled, .called, .done: break
        }
        if var asked = outstanding {
            guard let retryAt = asked.retryAt, now >= retryAt else { return nil }
            asked.retryAt = nil
            outstanding = asked
            return .ask(asked.request)
        }
        switch phase {
        case .writing where !pending.isEmpty && now >= commitDue: return commit(at: now)
        case .writing where now >= renewDue: return ask(.renew)
        case .writing, .closed: return nil
        case .ending where !pending.isEmpty: return commit(at: now)
        case .ending(let ending): return ask(.finish(outcome(of: ending, at: now)))
        }
    }

    private mutating func commit(at now: Duration) -> Action {
        defer { pending = "" }
        commitDue = now + pacing.pieceInterval
        return ask(.commit(pending, index: nextIndex))
    }

    private mutating func ask(_ request: Request) -> Action {
        outstanding = Outstanding(request: request)
        return .ask(request)
    }

    private func outcome(of ending: Ending, at now: Duration) -> ReplyOutcome {
        var outcome = ReplyOutcome(status: .delivered, model: model, latencyMilliseconds: now.wholeMilliseconds)
        if usesTools { outcome.metadata["agent"] = true }
        switch ending {
        case .complete:
            if let finishReason, finishReason != "stop" { outcome.metadata["finish_reason"] = .string(finishReason) }
        case .tooLong: outcome.metadata["finish_reason"] = "length"
        case .stopped: outcome.metadata["stopped"] = true
        case .interrupted: outcome.status = .interrupted
        case .failed(let failure):
            outcome.status = .failed
            outcome.metadata["error"] = [
                "code": .string(failure.code), "message": .string(failure.message.storable),
            ]
        }
        if let firstTokenAt {
            outcome.firstTokenMilliseconds = firstTokenAt.wholeMilliseconds
            outcome.metadata["time_to_first_token_ms"] = .number(JSONNumber(firstTokenAt.wholeMilliseconds))
        }
        extras.complete(&outcome)
        if let usage {
            outcome.tokensUsed = usage
            if isUsageEstimated { outcome.metadata["tokens_estimated"] = true }
        } else if acceptedBytes > 0 {
            outcome.tokensUsed = .estimated(promptBytes: promptBytes, completionBytes: acceptedBytes)
            outcome.metadata["tokens_estimated"] = true
        }
        return outcome
    }
}
