import ParleyCore
import ParleyMetrics
import Synchronization

extension LiveSession {
    /// Does what a client asks for.
    func perform(_ command: LiveCommand) async throws {
        switch command {
        case .ping: await tell([.pong])
        case .typing(let conversation):
            do { try await type(in: conversation) } catch { answer(ParleyError(wrapping: error), about: conversation) }
        case .unsubscribe(let conversation):
            unwatch(conversation)
            state.withLock { _ = $0.filter.leave(conversation) }
        case .subscribe(let conversation, let since):
            do {
                try await subscribe(to: conversation, since: since)
            } catch {
                // Whatever waited is told all the same; that it is gone, among the rest.
                await letThrough(conversation)
                answer(ParleyError(wrapping: error), about: conversation)
                // A stream that is about nothing else has no more to tell.
                guard only != nil else { return }
                let closing = ParleyError(wrapping: error).code == .notFound ? LiveClosing.accessLost : .failure
                await inLine { [self] in close(closing) }
            }
        }
    }

    private func subscribe(to conversation: ConversationID, since: Int?) async throws {
        let isTaken = state.withLock { state in
            guard state.filter.isSubscribed(to: conversation) || state.filter.count < Limits.subscriptionsPerSocket
            else { return false }
            state.filter.begin(conversation)
            return true
        }
        guard isTaken else {
            throw ParleyError.invalid(
                "conversation_id",
                "A socket takes \(Limits.subscriptionsPerSocket) subscriptions; unsubscribe from another first."
            )
        }
        guard let since else {
            let (found, _) = try await hub.store.conversation(conversation, newestMessages: 1, as: identity)
            _ = watch(conversation, in: found.projectID, at: found.revision)
            return await finish(conversation, revision: found.revision, floor: nil)
        }
        var catchUp = CatchUp(since: since)
        var isInOrder = false
        // As a rule once. Where an event has just passed ahead of one before it, that one is in the store by now.
        for _ in 0..<3 where !isInOrder {
            var page: ChangePage
            repeat {
                do {
                    page = try await hub.store.changes(
                        in: conversation,
                        since: catchUp.revision,
                        limit: catchUp.pageSize,
                        as: identity
                    )
                } catch let error as ParleyError where error.code == .resync {
                    return await resync(conversation, .ahead)
                }
                guard page.conversation.revision - since <= Limits.socketCatchUp else {
                    return await resync(conversation, .behind)
                }
                await tellInPortions(catchUp.frames(of: page))
            } while page.hasMore
            isInOrder = watch(conversation, in: page.conversation.projectID, at: catchUp.revision)
        }
        let progress = try await hub.store.runningReply(in: conversation, as: identity)
        let (pieces, place) = catchUp.pieces(of: progress)
        await tellInPortions(pieces)
        hub.metrics.caughtUp()
        let floor = SessionFilter.Floor(revision: catchUp.revision, reply: place)
        await finish(conversation, revision: catchUp.revision, floor: floor)
    }

    /// Tells the client much, as fast as it takes it.
    private func tellInPortions(_ frames: [LiveFrame]) async {
        var portion: [LiveFrame] = []
        var bytes = 0
        for frame in frames {
            portion.append(frame)
            bytes += frame.json.count
            guard bytes >= Limits.socketPortionBytes else { continue }
            await tell(portion)
            await state.withLock { $0.outlet }?.drained()
            portion = []
            bytes = 0
        }
        await tell(portion)
    }

    /// Says that the client has caught up, and lets live events follow.
    private func finish(
        _ conversation: ConversationID,
        revision: Int,
        floor: SessionFilter.Floor?
    ) async {
        await inLine { [self] in
            let (outlet, held) = state.withLock { state in
                (state.phase == .open ? state.outlet : nil, state.filter.end(conversation, at: floor))
            }
            guard let outlet else { return }
            outlet.send(.subscribed(conversation, revision: revision))
            if let held {
                for frame in held { outlet.send(frame) }
            } else {
                hub.metrics.resynced(.behind)
                outlet.send(.resync(conversation, .behind))
            }
        }
    }

    /// Tells the client to load the conversation afresh; live events go on.
    private func resync(_ conversation: ConversationID, _ reason: ResyncReason) async {
        hub.metrics.resynced(LiveMetrics.Resync(reason))
        unwatch(conversation)
        await inLine { [self] in
            let outlet = state.withLock { state -> (any LiveOutlet)? in
                // What waited is in what will be loaded.
                _ = state.filter.leave(conversation)
                return state.phase == .open ? state.outlet : nil
            }
            outlet?.send(.resync(conversation, reason))
        }
    }

    /// Keeps nothing of a conversation back any more.
    private func letThrough(_ conversation: ConversationID) async {
        unwatch(conversation)
        await inLine { [self] in
            let (outlet, held) = state.withLock { state in
                (state.phase == .open ? state.outlet : nil, state.filter.leave(conversation))
            }
            for frame in held ?? [.resync(conversation, .behind)] { outlet?.send(frame) }
        }
    }

    /// Tells the others that the person is writing.
    private func type(in conversation: ConversationID) async throws {
        let now = hub.elapsed()
        let known = state.withLock { $0.mayType[conversation] }
        let project: ProjectID
        if let known, known.until > now {
            project = known.project
        } else {
            try await hub.store.authorize(.write, to: conversation, as: identity)
            project = try await hub.store.conversation(conversation, newestMessages: 1, as: identity).conversation
                .projectID
            state.withLock { state in
                if state.mayType.count >= 16 { state.mayType = [:] }
                state.mayType[conversation] = TypingPlace(project: project, until: now + Limits.typingAccess)
            }
        }
        hub.tellTyping(in: conversation, of: project, by: self)
    }

    /// Tells the others that the person is writing, where that takes no asking and nothing is to be done before; returns
    /// whether that was so.
    func typesAtOnce(in conversation: ConversationID) -> Bool {
        let now = hub.elapsed()
        let project = state.withLock { state -> ProjectID? in
            guard state.phase == .open, !state.isWorking, let known = state.mayType[conversation], known.until > now
            else { return nil }
            return known.project
        }
        guard let project else { return false }
        hub.tellTyping(in: conversation, of: project, by: self)
        return true
    }

    /// Looks again whether the person may stay.
    func revalidate() async {
        do {
            try await renewCredential()
        } catch {
            // It could not be found out. What has run out is over; what has not is looked at with the next tick.
            let now = hub.clock.now()
            let isOver = state.withLock { state in
                state.revalidateAt = now + .seconds(1)
                return state.expiresAt <= now
            }
            if isOver { close(.expired) }
        }
    }

    /// Looks again whether the person may stay, and closes the connection where they may not.
    ///
    /// - Throws: What kept it from being found out.
    func renewCredential() async throws {
        do {
            let expiresAt = try await credential.renew()
            guard expiresAt > hub.clock.now() else { return close(.expired) }
            state.withLock { $0.expiresAt = expiresAt }
        } catch let error as ParleyError where error.code == .unauthenticated {
            close(.expired)
        }
    }

    /// Takes note that the client is subscribed to a conversation and has it up to a revision.
    ///
    /// From now on, what was committed and is never told of is found.
    ///
    /// - Returns: Whether everything behind the revision is told in order, and once.
    private func watch(_ conversation: ConversationID, in project: ProjectID, at revision: Int) -> Bool {
        guard let feed = hub.feed(of: project) else { return true }
        let (before, isClosed) = state.withLock { state -> (ProjectFeed?, Bool) in
            guard state.phase != .closed else { return (nil, true) }
            defer { state.watching[conversation] = feed }
            return (state.watching[conversation], false)
        }
        guard !isClosed else { return true }
        if let before, before !== feed { before.unwatch(conversation, by: self) }
        let isInOrder = feed.watch(conversation, at: revision, by: self)
        // It may have ended meanwhile, and then nobody else takes this back.
        if self.isClosed { feed.unwatch(conversation, by: self) }
        return isInOrder
    }

    private func unwatch(_ conversation: ConversationID) {
        let feed = state.withLock { $0.watching.removeValue(forKey: conversation) }
        feed?.unwatch(conversation, by: self)
    }
}
