import ParleyCore
import ParleyStore
import ParleyTesting
import Testing

extension StoreUnderTest {
    /// The store as one that can be copied.
    var replica: any ReplicaStore {
        get throws { try #require(usage as? any ReplicaStore) }
    }
}

/// A store with something of everything in it, and what a test needs to go on with it.
struct RichWorld {
    let shared: ProjectID
    let spoken: ConversationID
    let edited: MessageID
    let running: ConversationID
    let lease: ReplyLease
    let own: NewMessage

    private static let then = Timestamp(microseconds: 1_700_000_000_000_123)

    init(in t: StoreUnderTest) async throws {
        let store = t.store
        shared = try await t.sharedProject().id
        _ = try await store.updateProject(shared, ProjectChanges(description: "of all"), as: .alice)
        own = .user("what the pelican said", id: t.id())
        let made = try await store.createConversation(
            NewConversation(id: t.id(), title: "Ångström", projectID: shared, metadata: ["a": [1, "x", .null]]),
            as: .alice
        ).value
        spoken = made.id
        let first = try await t.append([own, .assistant("sea"), .user("e\u{301} and é")], to: spoken).value
        edited = first[0].id
        _ = try await store.editMessage(
            first[2].id,
            in: spoken,
            MessageChanges(content: "albatross", metadata: ["k": "v"]),
            expectedRevision: nil,
            as: .alice
        )
        _ = try await store.setReaction("👍", present: true, on: edited, in: spoken, expectedRevision: nil, as: .bob)
        _ = try await store.setReaction("👍", present: true, on: edited, in: spoken, expectedRevision: nil, as: .alice)
        _ = try await store.deleteMessage(first[1].id, in: spoken, expectedRevision: nil, as: .alice)
        try await t.turn("and then?", answer: ["once ", "upon"], in: spoken)
        _ = try await store.setDraft("half a word", in: spoken, as: .bob)
        _ = try await store.setReadMark(2, in: spoken, as: .carol)
        _ = try await store.forkConversation(spoken, ForkRequest(seq: 4), as: .bob)
        try await Self.addSides(t)
        // Regenerated once, and being written again.
        let answered = try await t.turn("tell me", answer: ["a", "b"], as: .bob)
        let again = try await store.beginRegeneration(of: answered.reply.id, expectedRevision: nil, as: .bob).value
        running = again.conversation.id
        lease = try again.requireLease()
        _ = try await store.appendPieces(["long ", "", "ago"], at: 0, under: lease)
        _ = try await store.improveTitle("A tale", of: running, as: .bob)
    }

    private static func addSides(_ t: StoreUnderTest) async throws {
        let batch = ImportBatchID(high: 7, low: 7)
        let message = ImportedMessage(
            id: t.id(),
            input: .user("from elsewhere"),
            isEdited: true,
            reactions: [Reaction(emoji: "🦤", users: [Identity.alice.email])],
            versions: [MessageVersion(content: "before", author: nil, createdAt: then)],
            createdAt: then,
            updatedAt: then + .seconds(5)
        )
        let input = ImportedConversation(
            id: t.id(),
            title: "Old",
            createdAt: then,
            messages: [message],
            batch: batch
        )
        _ = try await t.store.importConversation(input, as: .alice)
        _ = try await t.store.setDraft("not yet made", in: nil, as: .mallory)
        let account = Account(
            email: Identity.alice.email,
            name: "Alice",
            department: nil,
            passwordHash: "$scrypt$x",
            createdAt: then
        )
        try await t.accounts.createAccount(account)
        for byte in [UInt8(9), 3] {
            let session = LoginSession(
                tokenHash: [UInt8](repeating: byte, count: 32),
                email: account.email,
                createdAt: then,
                expiresAt: t.clock.now() + .seconds(3600)
            )
            try await t.accounts.createLoginSession(session)
        }
        for seconds in 0..<3 {
            try await t.queryLog.record(
                QueryLogEntry(
                    time: then + .seconds(seconds / 2),
                    email: account.email,
                    department: "R&D",
                    sessionID: nil,
                    conversationID: t.id(),
                    messageID: t.id(),
                    model: "m",
                    latencyMilliseconds: 12,
                    firstTokenMilliseconds: nil,
                    tokensUsed: TokenUsage(prompt: 3, completion: 4),
                    status: .failed
                )
            )
        }
    }
}

/// Expects that two stores hold the same.
func expectSame(
    _ first: any ReplicaStore,
    _ second: any ReplicaStore,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let report = try await Verification(first, second, retries: 0, clock: ManualClock()).run()
    #expect(report.differences == [], sourceLocation: sourceLocation)
    #expect(report.holds, sourceLocation: sourceLocation)
    #expect(report.firstDigest == report.secondDigest, sourceLocation: sourceLocation)
    #expect(report.conversations > 0, sourceLocation: sourceLocation)
}

extension Replicator {
    /// Copies everything.
    @discardableResult
    func copyAll() async throws -> Copying.Progress {
        try await Copying(self).run { _ in }
    }
}
