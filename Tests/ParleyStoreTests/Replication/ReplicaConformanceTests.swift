import ParleyCore
import ParleyStore
import ParleyTesting
import Synchronization
import Testing

extension StoreFactory {
    /// The stores that can be copied, and be a copy.
    static let replicas: [StoreFactory] = [.memory, .sqlite, .postgres, .redis]
}

/// What every store must do as a copy of another one, by the doc comments of ``ParleyCore/ReplicaStore``.
@Suite("Every store that can be copied")
struct ReplicaConformanceTests {
    @Test("What goes in comes out as it was, into every store and out of it", arguments: StoreFactory.replicas)
    func roundTrip(_ factory: StoreFactory) async throws {
        try await StoreFactory.memory.withStore { origin in
            _ = try await RichWorld(in: origin)
            try await factory.withStore { copy in
                try await Replicator(from: origin.replica, to: copy.replica).copyAll()
                try await expectSame(origin.replica, copy.replica)
                let second = MemoryStore()
                try await Replicator(from: copy.replica, to: second).copyAll()
                try await expectSame(origin.replica, second)
                // Again: nothing is to be done.
                let again = try await Replicator(from: origin.replica, to: copy.replica).copyAll()
                #expect(again.conversations == 0 && again.projects == 0 && again.people == 0 && again.refusedCount == 0)
            }
        }
    }

    @Test("What each store writes by itself is copied as it is", arguments: StoreFactory.replicas)
    func written(_ factory: StoreFactory) async throws {
        try await factory.withStore { origin in
            _ = try await RichWorld(in: origin)
            let copy = MemoryStore()
            let done = try await Replicator(from: origin.replica, to: copy, pageSize: 2).copyAll()
            #expect(done.total == done.looked && done.conversations == done.total)
            try await expectSame(origin.replica, copy)
        }
    }

    @Test("Lines of the query log that several bring at once are there once", arguments: StoreFactory.replicas)
    func linesAtOnce(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let lines = (0..<50).map { number in
                QueryLogEntry(
                    time: .example + .seconds(number),
                    email: Identity.alice.email,
                    department: nil,
                    sessionID: nil,
                    conversationID: t.id(),
                    messageID: t.id(),
                    model: "m",
                    latencyMilliseconds: 12,
                    firstTokenMilliseconds: nil,
                    tokensUsed: nil,
                    status: .delivered
                )
            }
            let replica = try t.replica
            try await withThrowingDiscardingTaskGroup { group in
                for _ in 0..<8 { group.addTask { try await replica.putReplica(lines) } }
            }
            #expect(try await replica.replicaQueryLog(after: nil, limit: 1000) == lines)
        }
    }

    @Test("A copy is worked with as the original: found, retried, written on", arguments: StoreFactory.replicas)
    func use(_ factory: StoreFactory) async throws {
        try await StoreFactory.memory.withStore { origin in
            let world = try await RichWorld(in: origin)
            try await factory.withStore { t in
                try await Replicator(from: origin.replica, to: t.replica).copyAll()
                #expect(try await t.search("pelican").map(\.message.id).contains(world.edited))
                // There, and in its fork.
                #expect(try await t.search("albatross").count == 2)
                let titles = ConversationFilter(query: SearchQuery("ångström"))
                let found = try await t.store.conversations(titles, page: PageRequest(limit: 10), as: .alice)
                #expect(found.elements.contains { $0.id == world.spoken })
                let retried = try await t.append([world.own], to: world.spoken)
                #expect(retried.isReplay)
                // The reply goes on under its lease, from where it was.
                _ = try await t.store.appendPieces([" and far"], at: 3, under: world.lease)
                let reply = try await t.store.finishReply(ReplyOutcome(status: .delivered), under: world.lease).value
                #expect(reply.content == "long ago and far")
                #expect(try await t.search("far", as: .bob).count == 1)
                // What was written there goes the way back.
                try await Replicator(from: t.replica, to: origin.replica).copyAll()
                try await expectSame(t.replica, origin.replica)
            }
        }
    }

    @Test("Changes follow: texts, drafts, members, moves, deletions", arguments: StoreFactory.replicas)
    func changes(_ factory: StoreFactory) async throws {
        try await StoreFactory.memory.withStore { origin in
            let world = try await RichWorld(in: origin)
            let store = origin.store
            try await factory.withStore { t in
                let replicator = try Replicator(from: origin.replica, to: t.replica, overwrites: true)
                try await replicator.copyAll()
                _ = try await store.editMessage(
                    world.edited,
                    in: world.spoken,
                    MessageChanges(content: "heron"),
                    expectedRevision: nil,
                    as: .alice
                )
                _ = try await store.finishReply(ReplyOutcome(status: .failed), under: world.lease)
                try await replicator.copyAll()
                // It is in the fork still.
                #expect(try await !t.search("pelican").contains { $0.message.conversationID == world.spoken })
                #expect(try await t.search("heron").count == 1)
                let target = try await store.createProject(NewProject(name: "Other", retentionDays: 30_000), as: .alice)
                    .value
                let move = ConversationChanges(projectID: target.id)
                _ = try await store.updateConversation(world.spoken, move, expectedRevision: nil, as: .alice)
                _ = try await store.removeMember(Identity.bob.email, from: world.shared, as: .alice)
                try await replicator.copyAll()
                #expect(try await t.search("heron", in: target.id).count == 1)
                #expect(try await t.search("heron", in: world.shared).isEmpty)
                try await expectSame(origin.replica, t.replica)
                _ = try await store.deleteConversation(world.running, expectedRevision: nil, as: .bob)
                _ = try await store.deleteProject(world.shared, as: .alice)
                let done = try await replicator.copyAll()
                #expect(done.removed == 2)
                try await expectSame(origin.replica, t.replica)
            }
        }
    }

    @Test("A copy counts for nothing until it is whole, and is completed", arguments: StoreFactory.replicas)
    func parts(_ factory: StoreFactory) async throws {
        try await StoreFactory.memory.withStore { origin in
            let (id, messages) = try await origin.conversation(holding: ["a", "b", "c", "d", "e"])
            let source = try origin.replica
            let record = try #require(try await source.replicaConversation(id))
            try await factory.withStore { t in
                let copy = try t.replica
                let project = try #require(try await source.replicaProject(record.fields.projectID))
                let page = try await source.replicaMessages(of: id, changedSince: 0, afterSeq: 0, limit: 2)
                #expect(page.map(\.message.id) == messages.prefix(2).map(\.id))
                await expectError(.notFound) { try await copy.putReplica(record, messages: page, isWhole: false) }
                try await copy.putReplica(project)
                try await copy.putReplica(record, messages: page, isWhole: false)
                let heads = try await copy.replicaConversations(in: project.project.id, after: nil, limit: 10)
                #expect(heads == [ConversationHead(id: id, revision: 0)])
                let report = try await Verification(source, copy, retries: 0, clock: ManualClock()).run()
                #expect(report.differences.map(\.name) == ["conversation \(id)"])
                // A gap is refused, and changes nothing.
                let last = try await source.replicaMessages(of: id, changedSince: 0, afterSeq: 3, limit: 2)
                await expectError(.conflict) { try await copy.putReplica(record, messages: last, isWhole: true) }
                try await Replicator(from: source, to: copy, pageSize: 2).copyAll()
                try await expectSame(source, copy)
            }
        }
    }

    @Test("What is later or other than the source is left alone, or written anew", arguments: StoreFactory.replicas)
    func diverged(_ factory: StoreFactory) async throws {
        try await StoreFactory.memory.withStore { origin in
            let later = try await origin.conversation(holding: ["a"]).id
            let other = try await origin.conversation(holding: ["a"]).id
            try await factory.withStore { t in
                let replicator = try Replicator(from: origin.replica, to: t.replica)
                try await replicator.copyAll()
                try await t.say(["only here"], in: later)
                try await t.say(["one history"], in: other)
                try await origin.say(["another", "history"], in: other)
                let extra = try await t.conversation(holding: ["nobody else has it"]).id
                let done = try await replicator.copyAll()
                #expect(done.refusedCount == 3)
                #expect(try await t.log(later).count == 2)
                #expect(try await t.log(extra).count == 1)
                let exact = try Replicator(from: origin.replica, to: t.replica, overwrites: true)
                let copied = try await exact.copyAll()
                #expect(copied.refusedCount == 0 && copied.removed == 1)
                try await expectSame(origin.replica, t.replica)
                #expect(try await t.search("only").isEmpty)
                #expect(try await t.search("history").count == 1)
            }
        }
    }

    @Test("Where another one brings the same and is faster, nothing is left alone", arguments: StoreFactory.replicas)
    func overtaken(_ factory: StoreFactory) async throws {
        try await StoreFactory.memory.withStore { origin in
            let id = try await origin.conversation(holding: ["a"]).id
            try await factory.withStore { t in
                let faster = try Replicator(from: origin.replica, to: t.replica)
                let turns = Mutex(10)
                let copy = try FailingReplica(t.replica) {
                    // Each time there is something new, which is in the copy before this one is through.
                    let isLast = turns.withLock { turns in
                        turns -= 1
                        return turns < 0
                    }
                    guard !isLast else { return }
                    try await origin.say(["more"], in: id)
                    _ = try await faster.bring(id)
                    try await origin.say(["and more"], in: id)
                }
                let done = try await Replicator(from: origin.replica, to: copy).copyAll()
                #expect(done.refused == [])
                #expect(turns.withLock { $0 } <= 0)
                try await expectSame(origin.replica, t.replica)
            }
        }
    }

    @Test("A page of long messages is short, and has at least one", arguments: StoreFactory.replicas)
    func longPages(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let text = String(repeating: "long text ", count: 50_000)
            let conversation = try await t.conversation()
            for _ in 0..<5 {
                _ = try await t.append([.assistant(text), .assistant(text)], to: conversation.id)
            }
            let page = try await t.replica.replicaMessages(
                of: conversation.id,
                changedSince: 0,
                afterSeq: 0,
                limit: 100
            )
            #expect(page.count == Limits.bytesPerReplicaPage / text.utf8.count)
            let copy = MemoryStore()
            try await Replicator(from: t.replica, to: copy).copyAll()
            try await expectSame(t.replica, copy)
        }
    }

    @Test("A personal project takes the place of another one only in an exact copy", arguments: StoreFactory.replicas)
    func personalProjects(_ factory: StoreFactory) async throws {
        try await StoreFactory.memory.withStore { origin in
            try await origin.conversation(holding: ["hers"])
            try await factory.withStore { t in
                _ = t.id(of: Project.self)
                let strange: ProjectID = t.id()
                let record = ProjectRecord(
                    project: Project(
                        id: strange,
                        name: "Personal",
                        isPersonal: true,
                        members: [Member(email: Identity.alice.email, role: .owner)],
                        createdAt: .example,
                        updatedAt: .example
                    ),
                    fingerprint: nil
                )
                try await t.replica.putReplica(record)
                let done = try await Replicator(from: origin.replica, to: t.replica).copyAll()
                #expect(done.refusedCount > 0)
                #expect(try await t.store.personalProject(as: .alice).id == strange)
                // But an exact copy has the source's.
                let exact = try await Replicator(from: origin.replica, to: t.replica, overwrites: true).copyAll()
                #expect(exact.refused == [] && exact.removed == 1)
                try await expectSame(origin.replica, t.replica)
            }
        }
    }
}
