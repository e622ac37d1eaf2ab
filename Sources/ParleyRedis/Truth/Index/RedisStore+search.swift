public import ParleyCore
internal import RedisWire

extension RedisStore {
    /// Messages that match, newest first.
    ///
    /// The index of each project says which messages may match, their texts which of these do; who may see them is asked
    /// with the texts.
    public func search(
        _ query: SearchQuery,
        in project: ProjectID?,
        page: PageRequest,
        as identity: Identity
    ) async throws -> Page<SearchHit> {
        let now = clock.now()
        let found: [[SearchHit]]
        if let project {
            guard let hits = try await hits(query, in: project, page, as: identity, at: now) else {
                throw ParleyError.notFound
            }
            found = [hits]
        } else {
            let reply = try await send(["SMEMBERS", .string(TruthKeys.projects(of: identity.email))])
            let projects = reply.elements.compactMap { $0.string.flatMap { ProjectID($0) } }
            found = try await forEach(projects) { project in
                // It may have been left, or be gone, since.
                try await self.hits(query, in: project, page, as: identity, at: now) ?? []
            }
        }
        let all = found.joined().sorted(by: Self.isNewer)
        let hits = Array(all.prefix(page.limit))
        let next =
            all.count > hits.count ? hits.last.map { Cursor(time: $0.message.createdAt, id: $0.message.id) } : nil
        return Page(elements: hits, next: next)
    }

    /// How many candidates' texts are asked for at once.
    private static let candidatesAtOnce = 64

    /// The first hits of one project, one more than the page holds where there are more; `nil` where the caller is no member.
    private func hits(
        _ query: SearchQuery,
        in project: ProjectID,
        _ page: PageRequest,
        as identity: Identity,
        at now: Timestamp
    ) async throws -> [SearchHit]? {
        let reader = IndexReader(redis: redis, base: TruthKeys.project(project), timeout: nil)
        do {
            guard let candidates = try await reader.candidates(for: query, as: identity) else { return nil }
            var walk = IndexWalk(candidates, of: reader, notAfter: page.after?.time)
            var hits: [SearchHit] = []
            while true {
                let places = try await walk.next(Self.candidatesAtOnce)
                if places.isEmpty { return hits }
                let asked = SearchQuestion(query: query, project: project, email: identity.email, now: now)
                hits += try await texts(at: places, for: asked).filter { page.isBehind($0.message) }
                hits.sort(by: Self.isNewer)
                // Those of one time come by their ids: all of them must have been seen.
                if hits.count > page.limit, walk.bound.map({ $0 < hits[page.limit].message.createdAt }) ?? true {
                    return Array(hits.prefix(page.limit + 1))
                }
            }
        } catch Refusal.missing {
            return nil
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }

    /// What is looked for, where, by whom and when.
    private struct SearchQuestion {
        let query: SearchQuery
        let project: ProjectID
        let email: EmailAddress
        let now: Timestamp
    }

    /// Those of some candidates that match.
    private func texts(at places: [IndexedPlace], for asked: SearchQuestion) async throws -> [SearchHit] {
        let arguments: [RedisArgument] = [.string(asked.email.value), .integer(asked.now.microseconds)]
        let answer = try await run(
            IndexScripts.hits,
            in: asked.project,
            arguments + places.flatMap { ["\($0.conversation)", .integer($0.seq)] }
        )
        guard answer.count == 2 else { throw UnreadableRecord(what: "answer") }
        var conversations: [String: Conversation] = [:]
        let sessions = Array(answer[0].elements)
        for at in stride(from: 0, to: sessions.count - 2, by: 3) {
            guard let text = sessions[at].string, let id = ConversationID(text) else { continue }
            var conversation = try SessionRecord(id, in: asked.project, sessions[at + 1]).fields
            conversation.preview = SessionView.preview(sessions[at + 2])
            conversations[text] = conversation
        }
        var hits: [SearchHit] = []
        let values = Array(answer[1].elements)
        for at in stride(from: 0, to: values.count - 2, by: 3) {
            guard let conversation = values[at].string.flatMap({ conversations[$0] }),
                let id = values[at + 1].string.flatMap({ MessageID($0) })
            else { continue }
            let entry = try LogEntry(values[at + 2].withText { Array($0) }, id, in: conversation)
            guard entry.isIndexed, asked.query.matches(entry.message.content) else { continue }
            let snippet = asked.query.snippet(of: entry.message.content)
            hits.append(SearchHit(conversation: conversation, message: entry.message, snippet: snippet))
        }
        return hits
    }

    private static func isNewer(_ one: SearchHit, _ other: SearchHit) -> Bool {
        (one.message.createdAt, one.message.id) > (other.message.createdAt, other.message.id)
    }
}

extension PageRequest {
    fileprivate func isBehind(_ message: Message) -> Bool {
        guard let after else { return true }
        return (message.createdAt, message.id) < (after.time, after.id())
    }
}
