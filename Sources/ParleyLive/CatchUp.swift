import ParleyCore

/// Puts together what one who was away is told, from what the store says has changed since.
///
/// The messages as they are now, by revision. Where revisions remain that belong to none of them, something about the
/// conversation itself has changed, and it comes as it is now behind them.
struct CatchUp: Sendable {
    private let since: Int
    /// How many revisions belong to what was put together.
    private var accounted = 0
    private var messageCount = 0
    private var running: SessionFilter.ReplyPlace?

    private var bytes = 0

    /// How many messages to read next: few at first, and then as many as are about ``ParleyCore/Limits/catchUpPageBytes``,
    /// since one may be of a megabyte.
    var pageSize: Int {
        guard messageCount > 0 else { return 10 }
        return min(max(1, Limits.catchUpPageBytes / max(1, bytes / messageCount)), Limits.pageSizes.upperBound)
    }

    /// The last revision that was put together.
    private(set) var revision: Int

    /// Begins behind a revision.
    init(since: Int) {
        self.since = since
        revision = since
    }

    /// The frames of a page of changes that was read behind ``revision``.
    mutating func frames(of page: ChangePage) -> [LiveFrame] {
        var frames = page.messages.map { message in
            if message.status == .streaming, let next = message.nextIndex {
                running = SessionFilter.ReplyPlace(messageID: message.id, nextIndex: next)
            } else if message.id == running?.messageID {
                running = nil
            }
            return LiveFrame(Event(message.isAsAppended ? .messageAppended(message) : .messageUpdated(message)))
        }
        accounted += page.messages.count
        messageCount += page.messages.count
        bytes += page.messages.reduce(0) { $0 + $1.wireBytes }
        revision = page.revision
        if !page.hasMore, revision - since > accounted {
            frames.append(LiveFrame(Event(.conversationUpdated(page.conversation))))
            accounted = revision - since
        }
        return frames
    }

    /// The pieces of a reply that is being written which the client lacks.
    ///
    /// - Parameter progress: The running reply, read after the changes; `nil` where none is being written.
    /// - Returns: The pieces, and how many the client has then.
    func pieces(of progress: ReplyProgress?) -> (frames: [LiveFrame], place: SessionFilter.ReplyPlace?) {
        // One that was begun after the changes were read comes by its own events, from its beginning.
        guard let progress, progress.message.revision <= revision, let next = progress.message.nextIndex else {
            return ([], running)
        }
        let message = progress.message
        let first = running?.messageID == message.id ? running?.nextIndex ?? 0 : 0
        let frames = progress.deltas.filter { $0.index >= first }.map { delta in
            LiveFrame(
                Event(
                    projectID: message.projectID,
                    conversationID: message.conversationID,
                    kind: .delta(delta),
                    timestamp: message.updatedAt
                )
            )
        }
        return (frames, SessionFilter.ReplyPlace(messageID: message.id, nextIndex: next))
    }
}

extension Message {
    /// Whether nothing happened to it that would make it another than the one that was appended.
    fileprivate var isAsAppended: Bool { !isEdited && status != .deleted && reactions.isEmpty }
}
