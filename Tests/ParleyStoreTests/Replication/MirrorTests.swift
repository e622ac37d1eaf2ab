import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyStore

@Suite("A mirror")
struct MirrorTests {
    /// Runs a mirror that has compared two empty stores, so that all else comes by what is noted.
    private func mirrored(
        _ truth: MemoryStore,
        _ copy: any ReplicaStore,
        capacity: Int = 65_536,
        _ body: (Mirror, MirrorStore<MemoryStore>) async throws -> Void
    ) async throws {
        var configuration = Mirror.Configuration()
        configuration.capacity = capacity
        let mirror = Mirror(
            of: truth,
            in: copy,
            configuration: configuration,
            clock: ManualClock(),
            logger: .quiet,
            sleep: { duration in
                // Backing off takes no time here; what takes minutes isn't waited for.
                if duration < .seconds(30) { await Task.yield() } else { try await Task.sleep(for: .seconds(600)) }
            }
        )
        try await withThrowingTaskGroup { group in
            group.addTask { await mirror.run() }
            await mirror.rest()
            try await body(mirror, MirrorStore(truth, noting: mirror))
            mirror.end()
            try await group.waitForAll()
        }
        #expect(mirror.waitingCount == 0)
    }

    @Test(
        "After 400 random operations it holds the same, by what was noted of them",
        arguments: StoreFactory.replicas,
        [UInt64](1...4)
    )
    func follows(_ factory: StoreFactory, _ seed: UInt64) async throws {
        try await factory.withStore(tick: .zero) { t in
            let clock = ManualClock()
            let truth = MemoryStore(clock: clock, ids: SequentialIDs(series: 1))
            try await mirrored(truth, try t.replica) { _, store in
                var reference = ScriptedStore(store)
                var script = StoreScript(seed: seed)
                for number in 0..<400 {
                    clock.advance(by: script.random.oneIn(40) ? Limits.replyLease : .milliseconds(1))
                    let preamble = StoreScript.preamble
                    let operation = preamble.indices ~= number ? preamble[number] : script.next(reference)
                    _ = await reference.transcript(of: operation)
                }
            }
            try await expectSame(truth, t.replica)
        }
    }

    @Test("What is beside conversations is mirrored, too")
    func sides() async throws {
        let truth = MemoryStore()
        let copy = MemoryStore()
        try await mirrored(truth, copy) { mirror, store in
            let accounts = MirrorAccountStore(truth, noting: mirror)
            let queryLog = MirrorQueryLog(truth, noting: mirror)
            let product = StoreFactory.Product(
                store: store,
                accounts: accounts,
                queryLog: queryLog,
                usage: truth
            ) {}
            let t = StoreUnderTest(product, clock: ManualClock())
            _ = try await RichWorld(in: t)
            await mirror.rest()
            try await expectSameBesideRunning(truth, copy)
            try await accounts.setPasswordHash("$scrypt$y", of: Identity.alice.email)
        }
        try await expectSame(truth, copy)
        #expect(try copy.account(Identity.alice.email)?.passwordHash == "$scrypt$y")
        #expect(try copy.replicaPerson(Identity.alice.email)?.loginSessions == [])
    }

    /// A running reply's pieces come with its end, or when the mirror ends: until then its conversation may differ.
    private func expectSameBesideRunning(_ truth: MemoryStore, _ copy: MemoryStore) async throws {
        let report = try await Verification(truth, copy, retries: 0, clock: ManualClock()).run()
        #expect(report.differenceCount <= 1)
    }

    @Test("It fails no write while it is gone, and catches up when it is back")
    func outage() async throws {
        let truth = MemoryStore()
        let copy = MemoryStore()
        let failing = FailingReplica(copy)
        try await mirrored(truth, failing) { _, store in
            failing.fail(after: 0)
            for number in 0..<20 {
                let made = try await store.createConversation(NewConversation(title: "\(number)"), as: .alice).value
                _ = try await store.appendMessages([.user("hello")], to: made.id, expectedRevision: nil, as: .alice)
                if number.isMultiple(of: 3) {
                    _ = try await store.deleteConversation(made.id, expectedRevision: nil, as: .alice)
                }
            }
            failing.fail(after: nil)
        }
        try await expectSame(truth, copy)
    }

    @Test("Where too much has changed for it to keep in mind, it compares everything")
    func overflow() async throws {
        let truth = MemoryStore()
        let copy = MemoryStore()
        let failing = FailingReplica(copy)
        try await mirrored(truth, failing, capacity: 5) { _, store in
            failing.fail(after: 0)
            for number in 0..<50 {
                _ = try await store.createConversation(NewConversation(title: "\(number)"), as: .alice)
            }
            failing.fail(after: nil)
        }
        try await expectSame(truth, copy)
    }

    @Test("A conversation made under the id of a deleted one takes its place")
    func replaced() async throws {
        let truth = MemoryStore()
        let copy = MemoryStore()
        let id = ConversationID(high: 4, low: 2)
        try await mirrored(truth, copy) { mirror, store in
            _ = try await store.createConversation(NewConversation(id: id, title: "first"), as: .alice)
            for _ in 0..<5 {
                _ = try await store.appendMessages([.user("x")], to: id, expectedRevision: nil, as: .alice)
            }
            await mirror.rest()
            _ = try await store.deleteConversation(id, expectedRevision: nil, as: .alice)
            _ = try await store.createConversation(NewConversation(id: id, title: "second"), as: .alice)
        }
        #expect(try copy.replicaConversation(id)?.fields.title == "second")
        try await expectSame(truth, copy)
    }

    @Test("What it holds that can't come from the truth, it keeps")
    func keeps() async throws {
        let truth = MemoryStore()
        let copy = MemoryStore()
        let id = ConversationID(high: 4, low: 2)
        _ = try copy.createConversation(NewConversation(id: id, title: "newer"), as: .alice)
        try await mirrored(truth, copy) { _, store in
            _ = try await store.createConversation(NewConversation(title: "of Bob"), as: .bob)
            _ = try await store.personalProject(as: .alice)
        }
        #expect(try copy.replicaConversation(id)?.fields.title == "newer")
    }
}
