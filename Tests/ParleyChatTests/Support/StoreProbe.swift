import ParleyCore
import Synchronization

/// A store that tells a test what it was asked about replies, and fails when the test wants it to.
final class StoreProbe: ConversationStore {
    /// What the store was asked.
    enum Call: Hashable {
        case beginTurn
        case append(index: Int)
        case renew
        case finish(MessageStatus)
        case requestStop
    }

    /// How the next piece or end fails, with `unavailable`.
    enum Fault: Hashable {
        /// Nothing is stored.
        case before
        /// All is stored, and the answer is lost.
        case after
    }

    let base: any ConversationStore
    /// The calls, when they have been answered.
    let calls: AsyncStream<Call>
    private let report: AsyncStream<Call>.Continuation
    private let faults = Mutex<[Fault]>([])
    private let answered = Mutex<[Call]>([])
    private let read = Mutex(0)

    init(_ base: any ConversationStore) {
        self.base = base
        (calls, report) = AsyncStream.makeStream()
    }

    /// Lets the next pieces and ends fail.
    func fail(_ faults: [Fault]) {
        self.faults.withLock { $0 += faults }
    }

    func beginTurn(
        _ request: TurnRequest,
        expectedRevision: Int?,
        as identity: Identity
    ) async throws -> Commit<Turn> {
        defer { note(.beginTurn) }
        return try await base.beginTurn(request, expectedRevision: expectedRevision, as: identity)
    }

    func messages(
        in conversation: ConversationID,
        _ range: MessageRange,
        limit: Int,
        as identity: Identity
    ) async throws -> MessagePage {
        let page = try await base.messages(in: conversation, range, limit: limit, as: identity)
        read.withLock { $0 += page.messages.count }
        return page
    }

    /// How many messages were read as parts of a log.
    var messagesRead: Int { read.withLock { $0 } }

    func appendPieces(_ pieces: [String], at index: Int, under lease: ReplyLease) async throws -> LeaseState {
        defer { note(.append(index: index)) }
        return try await failing { try await base.appendPieces(pieces, at: index, under: lease) }
    }

    func renew(_ lease: ReplyLease) async throws -> LeaseState {
        defer { note(.renew) }
        return try await base.renew(lease)
    }

    func finishReply(_ outcome: ReplyOutcome, under lease: ReplyLease) async throws -> Commit<Message> {
        defer { note(.finish(outcome.status)) }
        return try await failing { try await base.finishReply(outcome, under: lease) }
    }

    func requestStop(of id: MessageID, as identity: Identity) async throws -> Message {
        defer { note(.requestStop) }
        return try await base.requestStop(of: id, as: identity)
    }

    /// How often it was asked something.
    func count(of call: Call) -> Int {
        answered.withLock { calls in calls.count { $0 == call } }
    }

    private func note(_ call: Call) {
        answered.withLock { $0.append(call) }
        report.yield(call)
    }

    private func failing<Value>(_ body: () async throws -> Value) async throws -> Value {
        let fault = faults.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if fault == .before { throw ParleyError.unavailable("The disk is away.") }
        let value = try await body()
        if fault == .after { throw ParleyError.unavailable("The answer was lost.") }
        return value
    }
}
