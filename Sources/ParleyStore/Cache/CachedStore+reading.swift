public import ParleyCore

extension CachedStore {
    /// What a read of the newest messages found.
    enum Newest {
        /// The log's newest messages, and how many it has in all.
        case ready(EncodedLog, of: Int)
        case page(MessagePage)
    }

    /// A part of a log: the newest from the cache where that is right, everything else from the truth.
    public func messages(
        in conversation: ConversationID,
        _ range: MessageRange,
        limit: Int,
        as identity: Identity
    ) async throws -> MessagePage {
        guard range == .newest else {
            return try await base.messages(in: conversation, range, limit: limit, as: identity)
        }
        switch try await newest(in: conversation, limit: limit, as: identity) {
        case .page(let page): return page
        case .ready(let log, let count):
            guard let messages = log.values(newest: limit) else {
                counters.count(.broken)
                return try await base.messages(in: conversation, range, limit: limit, as: identity)
            }
            return MessagePage(messages: messages, hasMore: count > messages.count)
        }
    }

    /// The newest messages, by the shortest way that can be right.
    func newest(in conversation: ConversationID, limit: Int, as identity: Identity) async throws -> Newest {
        let question = LogQuestion(conversationID: conversation, reader: identity.email)
        // What is known to be too long for the cache needs no check: the truth has to be read anyway.
        if limit > rule.limit, local.isLong(conversation) {
            counters.count(.beyond)
            return .page(try await base.messages(in: conversation, .newest, limit: limit, as: identity))
        }
        let (version, found) = try await versionAndEntry(for: question)
        guard let version else { throw ParleyError.notFound }
        if version.messageCount == 0, !version.isStreaming {
            counters.count(.hit)
            return .page(MessagePage(messages: [], hasMore: false))
        }
        if limit > rule.limit, version.messageCount > rule.limit {
            local.noteLong(conversation)
            counters.count(.beyond)
            return .page(try await base.messages(in: conversation, .newest, limit: limit, as: identity))
        }
        switch found {
        case .copy(let tag, let log) where tag == version.tag && !version.isStreaming:
            counters.count(.localHit)
            return .ready(log, of: version.messageCount)
        case .copy:
            // Somebody has written since. The entry may have been told.
            return try await use(version.isStreaming ? nil : await cache.read(conversation), question, limit, version)
        case .entry(let entry):
            return try await use(entry, question, limit, version)
        }
    }

    private enum Found {
        case copy(LogTag, EncodedLog)
        case entry(CachedLog?)
    }

    /// What the truth says and what the cache holds, asked at the same time where both are needed.
    private func versionAndEntry(for question: LogQuestion) async throws -> (LogVersion?, Found) {
        if let copy = local.copy(of: question.conversationID) {
            return (try await version(for: question), .copy(copy.tag, copy.log))
        }
        async let entry = cache.read(question.conversationID)
        let version = try await version(for: question)
        return (version, .entry(await entry))
    }

    private func version(for question: LogQuestion) async throws -> LogVersion? {
        do {
            return try await checks.ask(question, in: 0).answer
        } catch let error as ParleyError where error.code == .unavailable {
            counters.count(.refused)
            throw error
        }
    }

    /// Answers from an entry, where it is of this version, else from the truth.
    private func use(
        _ entry: CachedLog?,
        _ question: LogQuestion,
        _ limit: Int,
        _ version: LogVersion
    ) async throws -> Newest {
        let conversation = question.conversationID
        let parsed = entry.flatMap { $0.parsed(of: conversation) }
        // Elements that can't be read are no entry, but are in the way of one.
        let isGarbled = entry.map { !$0.elements.isEmpty } ?? false && parsed == nil
        let verdict = isGarbled ? .broken : rule.verdict(on: parsed?.headers ?? [], against: version)
        if verdict == .usable, let entry, let parsed {
            counters.count(.hit)
            let log = EncodedLog(entry, messages: parsed.messages)
            local.keep(log, of: conversation, tag: version.tag)
            return .ready(log, of: version.messageCount)
        }
        counters.count(verdict.event)
        return try await readTruth(question, limit: limit, repairing: verdict == .broken)
    }

    /// Reads the truth with whoever wants the same, and makes the entry.
    private func readTruth(_ question: LogQuestion, limit: Int, repairing: Bool) async throws -> Newest {
        let conversation = question.conversationID
        let read = Read(question: question, limit: max(limit, rule.limit))
        let (snapshot, led) = try await reads.ask(read, in: read)
        if led, let kept = snapshot.kept {
            local.keep(kept, of: conversation, tag: snapshot.version.tag)
            // Of the right version and yet wrong: a fill would find it well.
            if repairing { await cache.drop([conversation]) }
            let elements = kept.elements(of: snapshot.version)
            await cache.fill(LogFill(tag: snapshot.version.tag, elements: elements), of: conversation)
        }
        if let kept = snapshot.kept, min(limit, snapshot.version.messageCount) <= kept.messages.count {
            return .ready(kept, of: snapshot.version.messageCount)
        }
        let messages = Array(snapshot.page.messages.suffix(limit))
        return .page(MessagePage(messages: messages, hasMore: snapshot.version.messageCount > messages.count))
    }
}

extension CachedLog {
    /// What the elements say of themselves and where their messages lie; `nil` where one of them is not an element.
    func parsed(of conversation: ConversationID) -> (headers: [CachedHeader], messages: [Range<Int>])? {
        let conversation = conversation.description
        return bytes.withUnsafeBytes { bytes in
            var headers: [CachedHeader] = []
            var messages: [Range<Int>] = []
            headers.reserveCapacity(elements.count)
            messages.reserveCapacity(elements.count)
            for place in elements {
                let element = UnsafeRawBufferPointer(rebasing: bytes[place])
                guard let (header, message) = CachedElement.parse(element, of: conversation) else { return nil }
                headers.append(header)
                messages.append(place.lowerBound + message.lowerBound..<place.lowerBound + message.upperBound)
            }
            return (headers, messages)
        }
    }
}

extension EntryVerdict {
    fileprivate var event: CacheEvent {
        switch self {
        case .usable: .hit
        case .missing: .miss
        case .stale: .stale
        case .broken: .broken
        case .streaming: .streaming
        }
    }
}
