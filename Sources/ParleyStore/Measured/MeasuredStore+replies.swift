public import ParleyCore

extension MeasuredStore {
    /// `renew`, measured.
    public func renew(_ lease: ReplyLease) async throws -> LeaseState {
        try await measure(.renew) { try await base.renew(lease) }
    }

    /// `requestStop`, measured.
    public func requestStop(of id: MessageID, as identity: Identity) async throws -> Message {
        try await measure(.requestStop) { try await base.requestStop(of: id, as: identity) }
    }

    /// `replyProgress`, measured.
    public func replyProgress(
        of id: MessageID,
        after index: Int,
        as identity: Identity
    ) async throws -> ReplyProgress {
        try await measure(.replyProgress) { try await base.replyProgress(of: id, after: index, as: identity) }
    }

    /// `runningReply`, measured.
    public func runningReply(in conversation: ConversationID, as identity: Identity) async throws -> ReplyProgress? {
        try await measure(.runningReply) { try await base.runningReply(in: conversation, as: identity) }
    }

    /// `beginTurn`, measured.
    public func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        try await measure(.beginTurn) {
            try await base.beginTurn(request, expectedRevision: expectedRevision, as: identity)
        }
    }

    /// `beginRegeneration`, measured.
    public func beginRegeneration(
        of id: MessageID,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        try await measure(.beginRegeneration) {
            try await base.beginRegeneration(of: id, expectedRevision: expectedRevision, as: identity)
        }
    }

    /// `finishReply`, measured.
    public func finishReply(_ outcome: ReplyOutcome, under lease: ReplyLease) async throws -> Commit<Message> {
        try await measure(.finishReply) { try await base.finishReply(outcome, under: lease) }
    }

    /// `interruptAbandonedReplies`, measured.
    public func interruptAbandonedReplies() async throws -> Commit<Int> {
        try await measure(.interruptAbandonedReplies) { try await base.interruptAbandonedReplies() }
    }

    /// `appendPieces`, measured.
    public func appendPieces(_ pieces: [String], at index: Int, under lease: ReplyLease) async throws -> LeaseState {
        try await measure(.appendPieces) { try await base.appendPieces(pieces, at: index, under: lease) }
    }
}
