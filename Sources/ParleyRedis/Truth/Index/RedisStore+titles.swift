internal import ParleyCore
internal import RedisWire

/// A conversation whose title may match, and when it was changed last.
struct TitleCandidate: Hashable, Sendable {
    /// The conversation.
    let id: ConversationID
    /// Its place in lists.
    let updatedAt: Timestamp
}

extension RedisStore {
    /// How many conversations' times are asked for at once.
    private static let timesAtOnce = 1000

    /// The conversations of a project whose titles may match, as they stand in lists: newest first, ties by id, descending.
    ///
    /// Whether the title does match, the conversation says when it is read: `query.matches(title)`. Whether the caller may see
    /// it is to be asked then, too. With a cursor only those behind it. ``Refusal/missing`` where the caller is no member.
    func conversationsTitled(
        _ query: SearchQuery,
        in project: ProjectID,
        after cursor: Cursor?,
        as identity: Identity
    ) async throws -> [TitleCandidate] {
        let base = TruthKeys.project(project)
        let reader = IndexReader(redis: redis, base: base, timeout: nil)
        do {
            let found = try await reader.candidates(for: query, mark: TermIndex.titleMark, as: identity)
            guard let found else { throw Refusal.missing }
            var candidates: [TitleCandidate] = []
            var groups = found.groups()[...]
            while !groups.isEmpty {
                let some = groups.prefix(32)
                groups = groups.dropFirst(some.count)
                let ids = try await reader.places(in: some).filter { $0.seq == 0 }.map(\.conversation)
                for start in stride(from: 0, to: ids.count, by: Self.timesAtOnce) {
                    candidates += try await times(of: ids[start..<min(start + Self.timesAtOnce, ids.count)], base)
                }
            }
            return candidates.filter { $0.isBehind(cursor) }
                .sorted { ($0.updatedAt, $0.id) > ($1.updatedAt, $1.id) }
        } catch {
            throw RedisFault.translate(error, logger: logger)
        }
    }

    private func times(of ids: ArraySlice<ConversationID>, _ base: String) async throws -> [TitleCandidate] {
        let names = ids.map { RedisArgument.string("\($0)") }
        let reply = try await send(RedisCommand(["ZMSCORE", .string(base + ":recent")] + names))
        return zip(ids, reply.elements).compactMap { id, time in
            time.double.map { TitleCandidate(id: id, updatedAt: Timestamp(microseconds: Int64($0))) }
        }
    }
}

extension TitleCandidate {
    fileprivate func isBehind(_ cursor: Cursor?) -> Bool {
        guard let cursor else { return true }
        return (updatedAt, id) < (cursor.time, cursor.id())
    }
}
