internal import ParleyCore
internal import RedisWire

/// Where a document is: a message, or a conversation's title.
struct IndexedPlace: Hashable, Sendable {
    /// The conversation.
    let conversation: ConversationID
    /// The message's place in it; 0 is the title.
    let seq: Int
    /// The message's time; 0 of a title.
    let createdAt: Timestamp
}

/// What a project's index says about a query: which documents may match, and when the newest of each group is from.
struct IndexCandidates: Sendable {
    /// The documents that hold the terms asked for; `nil`: the terms are too common to ask, any document may match.
    var documents: DocumentList?
    /// The last document's number.
    let last: UInt32
    /// The latest time among each group of ``TermIndex/recordsPerKey`` documents.
    let latest: [Timestamp]

    /// The groups with candidates, the latest first, and the numbers in each; all of them where any document may match.
    func groups() -> [(group: Int, numbers: ArraySlice<UInt32>?)] {
        var groups: [(group: Int, numbers: ArraySlice<UInt32>?)] = []
        if let numbers = documents?.numbers {
            var start = 0
            while start < numbers.count {
                let group = Int(numbers[start]) / TermIndex.recordsPerKey
                var end = start
                while end < numbers.count, Int(numbers[end]) / TermIndex.recordsPerKey == group { end += 1 }
                groups.append((group, numbers[start..<end]))
                start = end
            }
        } else if last > 0 {
            groups = (0...Int(last) / TermIndex.recordsPerKey).map { ($0, nil) }
        }
        return groups.sorted { latest(of: $0.group) > latest(of: $1.group) }
    }

    /// The latest time in a group.
    func latest(of group: Int) -> Timestamp {
        latest.indices.contains(group) ? latest[group] : Timestamp(microseconds: 0)
    }
}

/// Asks the index of one project.
struct IndexReader: Sendable {
    /// How long a list may be that is asked for at all, in bytes: a million documents at most.
    static let longestList = 1_048_576
    /// With no more candidates than these, longer lists are not asked for; the texts say it themselves.
    static let fewCandidates = 256

    let redis: any RedisCommanding
    /// `project:{pid}`.
    let base: String
    let timeout: Duration?

    /// What may match, or `nil` where the caller is no member.
    ///
    /// Titles are asked for with their mark.
    func candidates(
        for query: SearchQuery,
        mark: String = "",
        as identity: Identity
    ) async throws -> IndexCandidates? {
        var arguments: [RedisArgument] = [.string(identity.email.value)]
        for clause in query.clauses {
            for (index, term) in clause.terms.enumerated() {
                let isPrefix = clause.isPrefix && index == clause.terms.count - 1
                arguments += [isPrefix ? "*" : "=", .string(mark + term)]
            }
        }
        let reply = try await redis.run(
            IndexScripts.plan,
            keys: [.string(base)] + TruthKeys.never(beside: [.string(base)]),
            arguments: arguments,
            within: timeout
        )
        guard !reply.isNull else { return nil }
        let parts = Array(reply.elements)
        var candidates = Self.head(parts[0])
        var lists = stride(from: 1, to: parts.count - 3, by: 4).map { place in
            TermList(
                bytes: Int(parts[place].integer ?? -1),
                list: parts[place + 1].isNull ? nil : parts[place + 1],
                long: parts[place + 2].elements.map { $0.withText { Array($0) } },
                short: parts[place + 3]
            )
        }
        lists = lists.filter { 0...Self.longestList ~= $0.bytes }.sorted { $0.bytes < $1.bytes }
        for list in lists {
            let documents: DocumentList
            if let ready = list.list {
                documents = DocumentList([ready])
            } else if let found = candidates.documents, found.numbers.count <= Self.fewCandidates {
                break
            } else {
                documents = try await fetch(list)
            }
            if candidates.documents == nil {
                candidates.documents = documents
            } else {
                candidates.documents?.intersect(documents)
            }
            if candidates.documents?.numbers.isEmpty == true { break }
        }
        return candidates
    }

    /// Where the documents of some groups are, in no order; with numbers only these.
    func places(
        in groups: ArraySlice<(group: Int, numbers: ArraySlice<UInt32>?)>
    ) async throws -> [IndexedPlace] {
        guard !groups.isEmpty else { return [] }
        let keys = groups.map { RedisArgument.string("\(base):documents:\($0.group)") }
        let reply = try await redis.send(RedisCommand(["MGET"] + keys), within: timeout)
        var places: [IndexedPlace] = []
        for (records, group) in zip(reply.elements, groups) where !records.isNull {
            records.withText { bytes in
                let numbers = group.numbers.map { $0.map { Int($0) % TermIndex.recordsPerKey } }
                for number in numbers ?? Array(0..<TermIndex.recordsPerKey) {
                    if let place = Self.place(number, in: bytes) { places.append(place) }
                }
            }
        }
        return places
    }

    /// A term of a query, or all that begin so.
    private struct TermList {
        /// About how long the lists are; -1: too many terms.
        let bytes: Int
        /// The documents, where they came already.
        let list: RedisReply?
        /// The terms whose lists begin in keys of their own.
        let long: [[UInt8]]
        /// The other lists, and the ends of those.
        let short: RedisReply
    }

    private func fetch(_ list: TermList) async throws -> DocumentList {
        guard !list.long.isEmpty else { return DocumentList([list.short]) }
        let reply = try await redis.run(
            IndexScripts.lists,
            keys: [.string(base)] + TruthKeys.never(beside: [.string(base)]),
            arguments: list.long.map { .bytes($0) },
            within: timeout
        )
        return DocumentList([reply, list.short])
    }

    private static func head(_ reply: RedisReply) -> IndexCandidates {
        reply.withText { bytes in
            guard bytes.count >= 8 else { return IndexCandidates(documents: DocumentList(), last: 0, latest: []) }
            let numbers = (0..<bytes.count / 8).map { place in
                Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: place * 8, as: Int64.self))
            }
            return IndexCandidates(
                documents: nil,
                last: UInt32(truncatingIfNeeded: numbers[0]),
                latest: numbers.dropFirst().map { Timestamp(microseconds: $0) }
            )
        }
    }

    private static func place(_ number: Int, in bytes: UnsafeRawBufferPointer) -> IndexedPlace? {
        let start = number * TermIndex.recordBytes
        guard start + TermIndex.recordBytes <= bytes.count else { return nil }
        func word(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt64.self))
        }
        let seq = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: start + 16, as: UInt32.self))
        guard word(0) != 0 || word(8) != 0 else { return nil }
        return IndexedPlace(
            conversation: ConversationID(high: word(0), low: word(8)),
            seq: Int(seq),
            createdAt: Timestamp(microseconds: Int64(bitPattern: word(20)))
        )
    }
}
