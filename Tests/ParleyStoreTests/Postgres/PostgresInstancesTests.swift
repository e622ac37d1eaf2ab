import LibPQ
import ParleyCore
import ParleyPostgres
import ParleyTesting
import Testing

/// Two instances on one database that do what may stand in each other's way.
@Suite("PostgreSQL: two instances at once")
struct PostgresInstancesTests {
    @Test("Two owners who remove each other leave one")
    func lastOwner() async throws {
        try await withTwoInstances { first, second, t, _ in
            for round in 0..<10 {
                let project = try await first.createProject(NewProject(name: "Round \(round)"), as: .alice).value.id
                _ = try await first.setMember(Identity.bob.email, role: .owner, in: project, as: .alice)
                async let one = result { try await first.removeMember(Identity.bob.email, from: project, as: .alice) }
                async let two = result { try await second.removeMember(Identity.alice.email, from: project, as: .bob) }
                let codes = await [one, two]
                #expect(codes.filter { $0 == nil }.count == 1)
                // The one who comes too late is no member any more.
                #expect(codes.compactMap(\.self) == [.notFound])
            }
        }
    }

    @Test("A project that is deleted while others write in it is gone with all that they wrote, and all of it is told")
    func deleteUnderWriters() async throws {
        try await withTwoInstances { first, second, t, database in
            let project = try await t.sharedProject().id
            let target = try await t.sharedProject().id
            var ground: [ConversationID] = []
            for _ in 0..<4 { ground.append(try await t.conversation(holding: ["x"], in: project).id) }
            let ids = ground
            let (made, deleted) = try await withThrowingTaskGroup(of: [ConversationID].self) { group in
                for writer in 0..<12 {
                    group.addTask {
                        var made: [ConversationID] = []
                        for round in 0..<12 {
                            let store = (writer + round) % 2 == 0 ? first : second
                            let id = ids[writer % ids.count]
                            let place = round % 2 == 0 ? target : project
                            do {
                                made += try await store.change(writer + round, id, in: project, or: place)
                            } catch let error as ParleyError {
                                #expect([.notFound, .replyInProgress].contains(error.code), "\(error.code)")
                            }
                        }
                        return made
                    }
                }
                let made = try await group.next() ?? []
                let deletion = try await second.deleteProject(project, as: .alice)
                let deleted = deletion.changes.compactMap { change in
                    if case .conversationDeleted(let conversation) = change { conversation.id } else { nil }
                }
                return (try await group.reduce(into: ids + made) { $0 += $1 }, deleted)
            }
            await expectError(.notFound) { try await first.project(project, as: .alice) }
            let left = try await TestDatabases.shared().query(
                "SELECT id, project_id FROM conversation",
                [],
                in: database
            )
            let stored = try left.map { try $0.decode(0, as: PostgresUUID.self) }
            #expect(try left.allSatisfy { try $0.decode(1, as: PostgresUUID.self) == target.uuid })
            #expect(!deleted.isEmpty)
            #expect(Set(made.map(\.uuid)) == Set(deleted.map(\.uuid)).union(stored))
            #expect(Set(deleted.map(\.uuid)).isDisjoint(with: stored))
        }
    }

    @Test("What is appended while its conversation moves to and fro is found where the conversation is")
    func movesUnderWriters() async throws {
        try await withTwoInstances { first, second, t, database in
            let places = [try await t.sharedProject().id, try await t.sharedProject().id]
            let id = try await t.conversation(holding: ["fish"], in: places[0]).id
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for round in 1...20 {
                        let change = ConversationChanges(projectID: places[round % 2])
                        _ = try await second.updateConversation(id, change, expectedRevision: nil, as: .alice)
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        for _ in 0..<20 {
                            _ = try await first.appendMessages(
                                [.user("fish")],
                                to: id,
                                expectedRevision: nil,
                                as: .bob
                            )
                        }
                    }
                }
                try await group.waitForAll()
            }
            let strays = try await count(
                """
                message m JOIN conversation c ON c.id = m.conversation_id
                WHERE tsvector_to_array(m.lexemes) <> ARRAY['fish', 'p:' || c.project_id]
                """,
                [],
                in: database
            )
            #expect(strays == 0)
            #expect(try await t.search("fish", in: places[0]).count == 61)
            #expect(try await t.search("fish", in: places[1]).isEmpty)
        }
    }

    @Test("Each abandoned reply is interrupted once, with all the pieces that were acknowledged")
    func interruptions() async throws {
        try await withTwoInstances { first, second, t, _ in
            var leases: [ReplyLease] = []
            for number in 0..<6 { leases.append(try await t.begin("turn \(number)").value.requireLease()) }
            t.clock.advance(by: Limits.replyLease + .seconds(1))
            let abandoned = leases
            let acknowledged = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
                for (number, lease) in abandoned.enumerated() {
                    // A writer that comes late: as long as it is let, what it was told must not be lost.
                    group.addTask {
                        var count = 0
                        var code: ParleyError.Code?
                        while true {
                            code = await result { try await first.appendPieces(["x"], at: count, under: lease) }
                            guard code == nil else { break }
                            count += 1
                            // Its lease is renewed by what it writes: only time takes it away.
                            t.clock.advance(by: Limits.replyLease + .seconds(1))
                        }
                        #expect(code == .notFound)
                        return (number, count)
                    }
                }
                var interrupted = 0
                while interrupted < abandoned.count {
                    async let one = first.interruptAbandonedReplies()
                    async let two = second.interruptAbandonedReplies()
                    interrupted += try await one.value + two.value
                }
                #expect(interrupted == abandoned.count)
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            for (number, lease) in abandoned.enumerated() {
                let reply = try await first.replyProgress(of: lease.messageID, after: -1, as: .alice).message
                #expect(reply.status == .interrupted)
                #expect(reply.content == String(repeating: "x", count: acknowledged[number] ?? -1))
            }
            #expect(try await first.interruptAbandonedReplies().value == 0)
        }
    }

    @Test("One who is removed while typing and reading leaves no draft and no read mark")
    func draftsOfTheRemoved() async throws {
        try await withTwoInstances { first, second, t, database in
            for round in 0..<10 {
                let project = try await t.sharedProject().id
                let (id, _) = try await t.conversation(holding: (0..<6).map(String.init), in: project)
                async let reading: Void = {
                    for seq in 1...6 { _ = try? await first.setReadMark(seq, in: id, as: .bob) }
                }()
                async let typing: Void = {
                    for letter in 0..<6 { _ = try? await first.setDraft("\(round)\(letter)", in: id, as: .bob) }
                }()
                _ = try await second.removeMember(Identity.bob.email, from: project, as: .alice)
                let left = try await count("draft WHERE conversation_id = $1", [id.uuid], in: database)
                #expect(left == 0)
                let marks = try await count("read_mark WHERE conversation_id = $1", [id.uuid], in: database)
                #expect(marks == 0)
                await typing
                await reading
            }
        }
    }
}

/// Gives the body two stores on one database, each as an instance has it, and one clock.
private func withTwoInstances(
    _ body: (_ first: PostgresStore, _ second: PostgresStore, _ t: StoreUnderTest, _ database: String) async throws ->
        Void
) async throws {
    try await withPostgres { first, t, database in
        let ids = SequentialIDs(series: 3)
        let second = try await TestDatabases.shared().open(database, clock: t.clock, ids: ids)
        async let running: Void = second.run()
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(first, second, t, database))
        } catch {
            outcome = .failure(error)
        }
        second.close()
        await running
        try outcome.get()
    }
}

extension PostgresStore {
    /// One of the changes that have to do with a project; returns what conversation it made.
    fileprivate func change(
        _ number: Int,
        _ id: ConversationID,
        in project: ProjectID,
        or place: ProjectID
    ) async throws -> [ConversationID] {
        switch number % 6 {
        case 0:
            _ = try await appendMessages([.user("\(number)")], to: id, expectedRevision: nil, as: .alice)
        case 1:
            let request = TurnRequest(projectID: project, message: .user("\(number)"))
            return [try await beginTurn(request, expectedRevision: nil, as: .alice).value.conversation.id]
        case 2: _ = try await setDraft("\(number)", in: id, as: .alice)
        case 3: return [try await forkConversation(id, ForkRequest(seq: 1), as: .alice).value.id]
        case 4:
            let move = ConversationChanges(projectID: place)
            _ = try await updateConversation(id, move, expectedRevision: nil, as: .alice)
        default:
            let input = NewConversation(title: "\(number)", projectID: project)
            return [try await createConversation(input, as: .alice).value.id]
        }
        return []
    }
}

/// The code of the error that a call fails with; `nil` where it doesn't.
private func result<Value>(_ call: () async throws -> Value) async -> ParleyError.Code? {
    do {
        _ = try await call()
        return nil
    } catch {
        return (error as? ParleyError)?.code ?? .internalError
    }
}

private func count(_ what: String, _ arguments: [any PostgresEncodable], in database: String) async throws -> Int {
    let rows = try await TestDatabases.shared().query("SELECT count(*) FROM \(what)", arguments, in: database)
    return try #require(rows.first).decode(0)
}

extension ID {
    fileprivate var uuid: PostgresUUID { PostgresUUID(high: high, low: low) }
}
