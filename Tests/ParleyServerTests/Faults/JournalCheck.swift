/// Compares what clients were told, during a fault and after it, with what there is: of each broken promise one violation.
///
/// Goes through the journal once for each conversation, and sorts it by time.
struct JournalCheck {
    /// What is promised.
    enum Rule: CaseIterable {
        /// What was acknowledged or shown is there.
        case kept
        /// …once, also when it was sent again.
        case once
        /// …as it was sent, and nothing else is there.
        case authentic
        /// `seq` is 1, 2, 3 …, and so are the revisions, each one change's.
        case seqs, revisions
        /// A message at a revision is the same for all.
        case agreement
        /// A read is the newest messages of one version, without a gap.
        case whole
        /// A read has all that anybody was told before it began.
        case fresh
        /// What a client has read never goes back.
        case forward
        /// Shown pieces of a reply are its beginning.
        case pieces
        /// At rest all sources show the same.
        case rest
        /// Only during the fault, and only 503 with `Retry-After`, or, of a killed instance, nothing.
        case failures
        /// No request hangs.
        case deadline
    }

    struct Violation: Hashable, CustomStringConvertible {
        let rule: Rule
        let what: String

        var description: String { "\(rule): \(what)" }
    }

    /// A conversation's log in the truth.
    struct Log: Sendable {
        var revision: Int
        var count: Int
        var messages: [Sight]
    }

    /// What somebody else than the truth shows at rest: the newest messages of conversations, or all.
    struct View: Sendable {
        var name: String
        var logs: [String: [Sight]]
    }

    /// What may go wrong.
    struct Conditions: Sendable {
        /// When requests may fail, in the journal's time; a request under way at any of these times may.
        var failing: ClosedRange<Int>?
        /// Which statuses they may fail with then.
        var statuses: Set<Int> = [503]
        /// The instances whose answers may be lost then.
        var losing: Set<Int> = []
        /// The longest time that a request may take, in nanoseconds; but not of an instance whose answers may be lost.
        ///
        /// What waits for ever is found, and what a busy machine takes is not.
        var longest = 30_000_000_000
        /// The longest time of a stream, which shows a reply to its end, be that what another instance puts to it.
        var longestStream = 90_000_000_000
    }

    var operations: [Operation]
    var truth: [String: Log]
    /// The texts of the replies in the truth, by their ids.
    var replies: [String: [UInt8]] = [:]
    var views: [View] = []
    var conditions = Conditions()

    /// All broken promises; none is what should be.
    func violations() -> [Violation] {
        var found: [Violation] = []
        for operation in operations { checkAnswer(operation, &found) }
        for (id, log) in Dictionary(grouping: operations, by: \.conversation) {
            let history = History(id: id, operations: log, truth: truth[id])
            history.checkLog(&found)
            history.checkReads(&found)
            history.checkOrder(&found)
            checkPieces(log, &found)
        }
        checkViews(&found)
        return found
    }

    private func checkAnswer(_ operation: Operation, _ found: inout [Violation]) {
        let what = "\(operation.kind) at \(operation.instance): \(operation.outcome)"
        let isStream = operation.kind == .turn || operation.kind == .follow
        let time = operation.end - operation.start
        if time > (isStream ? conditions.longestStream : conditions.longest),
            operation.isDone || !conditions.losing.contains(operation.instance)
        {
            found.append(Violation(rule: .deadline, what: "\(what) after \(time / 1_000_000) ms"))
        }
        let isDuringFault = conditions.failing.map { $0.overlaps(operation.start...operation.end) } ?? false
        switch operation.outcome {
        case .answered(200), .answered(201): return
        // Whether there was a reason is for those who know the conversation.
        case .answered(404): return
        // A turn before it is still being answered.
        case .answered(409) where operation.kind == .turn: return
        // What was to be changed has been changed in a way that leaves nothing to do.
        case .answered(400) where operation.kind == .touch, .answered(409) where operation.kind == .touch: return
        case .answered(let status) where isDuringFault && conditions.statuses.contains(status):
            if status != 503 || operation.retryAfter ?? 0 > 0 { return }
            found.append(Violation(rule: .failures, what: "\(what), and not when to come back"))
        case .lost where isDuringFault && conditions.losing.contains(operation.instance): return
        default:
            let window = conditions.failing.map { "\((operation.start - $0.lowerBound) / 1_000_000) ms into the fault" }
            found.append(Violation(rule: .failures, what: "\(what) \(window ?? "without a fault")"))
        }
    }

    private func checkPieces(_ operations: [Operation], _ found: inout [Violation]) {
        guard let id = operations.first?.conversation, truth[id] != nil else { return }
        for operation in operations {
            guard let reply = operation.reply else { continue }
            guard let text = replies[reply] else {
                found.append(Violation(rule: .kept, what: "the reply \(reply) was shown"))
                continue
            }
            if !text.starts(with: operation.pieces) {
                found.append(Violation(rule: .pieces, what: "\(reply) was shown otherwise"))
            }
        }
    }

    private func checkViews(_ found: inout [Violation]) {
        for view in views {
            for (id, seen) in view.logs {
                let log = truth[id]?.messages ?? []
                let isSame =
                    seen.count <= log.count && zip(seen, log.suffix(seen.count)).allSatisfy { $0.agrees(with: $1) }
                if !isSame { found.append(Violation(rule: .rest, what: "\(view.name) shows another \(id)")) }
            }
        }
        for (first, second) in zip(views, views.dropFirst()) {
            for (id, seen) in first.logs {
                // The truth can't be compared by the bytes of the wire; those who show them can.
                guard let others = second.logs[id] else { continue }
                let common = min(seen.count, others.count)
                if !zip(seen.suffix(common), others.suffix(common)).allSatisfy({ $0.agrees(with: $1) }) {
                    found.append(Violation(rule: .rest, what: "\(first.name) and \(second.name) differ in \(id)"))
                }
            }
        }
    }
}
