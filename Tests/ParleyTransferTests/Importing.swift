import ParleyCore
import ParleyStore
import ParleyTesting

@testable import ParleyTransfer

/// A store to import into, and short ways to do it.
struct Importing {
    static let now = Timestamp(microseconds: 1_700_000_000_000_000)

    let store = MemoryStore(clock: ManualClock(), ids: SequentialIDs(series: 1))

    /// Imports a dump.
    @discardableResult
    func callAsFunction(_ dump: JSON, as identity: Identity = .alice) async throws -> ImportAccount {
        try await ImportRun(store)(plan(of: dump, as: identity), as: identity)
    }

    /// What an import of a dump would do.
    func plan(of dump: JSON, as identity: Identity = .alice) async throws -> ImportPlan {
        let home = try await store.personalProject(as: identity).id
        return try LocalStorageImport.plan(dump.serialized, importer: identity.email, home: home, now: Self.now)
    }

    /// All messages of a conversation.
    func log(_ id: ConversationID, as identity: Identity = .alice) async throws -> [Message] {
        try await store.messages(in: id, .after(0), limit: 100, as: identity).messages
    }

    /// All conversations.
    func conversations(as identity: Identity = .alice) async throws -> [Conversation] {
        let page = PageRequest(limit: 100)
        return try await store.conversations(ConversationFilter(), page: page, as: identity).elements
    }
}

extension JSON {
    /// A value as a browser's storage holds it.
    var text: JSON { .string(String(decoding: serialized, as: UTF8.self)) }

    /// A message as `chat-messages` holds it.
    static func shown(_ role: String, _ content: String) -> JSON {
        ["role": .string(role), "content": .string(content)]
    }

    /// A message as `chat_messages_…` holds it.
    static func stored(_ id: String, _ type: String, _ content: String, at time: String = "2023-05-01T09:00:00Z")
        -> JSON
    {
        ["id": .string(id), "type": .string(type), "content": .string(content), "createdAt": .string(time)]
    }
}

extension ImportAccount {
    /// Each item in a few words.
    var summary: [String] {
        items.map { item in
            [item.key, item.index.map { "\($0)" }, item.outcome.rawValue, item.reason?.rawValue]
                .compactMap(\.self).joined(separator: " ")
        }
    }
}
