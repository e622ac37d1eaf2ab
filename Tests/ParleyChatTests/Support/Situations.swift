import ParleyCore

@testable import ParleyChat

/// The states a reply can be in, each by the shortest way to it.
enum Situation: String, CaseIterable {
    case new, silent, gathering, committing, renewing, waitingToRetry, finishing, finished, lost

    /// When the next event comes: before the next piece is due.
    static let now = Duration.milliseconds(10)

    var machine: ReplyStateMachine {
        var machine = ReplyStateMachine()
        func go(_ events: ReplyStateMachine.Event..., at now: Duration = .zero) {
            _ = actions(of: &machine, at: now)
            for event in events {
                machine.receive(event, at: now)
                _ = actions(of: &machine, at: now)
            }
        }
        switch self {
        case .new: break
        case .silent: go()
        case .gathering: go(.chunk(.text("a")), .stored(.held), .chunk(.text("b")))
        case .committing: go(.chunk(.text("a")))
        case .renewing: go(.woken, at: Limits.replyRenewal)
        case .waitingToRetry: go(.chunk(.text("a")), .refused(.unavailable))
        case .finishing: go(.chunk(.text("a")), .stored(.held), .providerEnded)
        case .finished: go(.chunk(.text("a")), .stored(.held), .providerEnded, .finished)
        case .lost: go(.chunk(.text("a")), .refused(.leaseLost))
        }
        return machine
    }
}

/// What can happen to a reply.
enum Happening: String, CaseIterable {
    case text, model, ended, failed, stop, park, woken, stored, storedStop, finished, leaseLost, unavailable, broken

    var event: ReplyStateMachine.Event {
        switch self {
        case .text: .chunk(.text("x"))
        case .model: .chunk(.model("m"))
        case .ended: .providerEnded
        case .failed: .providerFailed(ReplyFailure(ParleyError(.upstreamError, "It failed.")))
        case .stop: .stopRequested
        case .park: .parked
        case .woken: .woken
        case .stored: .stored(.held)
        case .storedStop: .stored(.stopRequested)
        case .finished: .finished
        case .leaseLost: .refused(.leaseLost)
        case .unavailable: .refused(.unavailable)
        case .broken: .refused(.broken)
        }
    }
}

/// All that a reply's rules want done now.
func actions(of machine: inout ReplyStateMachine, at now: Duration) -> [ReplyStateMachine.Action] {
    var actions: [ReplyStateMachine.Action] = []
    while let action = machine.nextAction(at: now) { actions.append(action) }
    return actions
}

/// All that a reply's rules want done now, in words, and how the reply has ended.
func summary(of machine: inout ReplyStateMachine, at now: Duration) -> String {
    var words = actions(of: &machine, at: now).map(summary)
    switch machine.closing {
    case .finished: words.append("done")
    case .leaseLost: words.append("lost")
    case .gaveUp: words.append("gave up")
    case nil: break
    }
    return words.joined(separator: ", ")
}

private func summary(of action: ReplyStateMachine.Action) -> String {
    switch action {
    case .callProvider: "call"
    case .endProvider: "hang up"
    case .ask(.commit(let text, let index)): "\(index):\(text)"
    case .ask(.renew): "renew"
    case .ask(.finish(let outcome)): outcome.metadata["stopped"] == true ? "stopped" : outcome.status.rawValue
    }
}
