import ParleyCore
import ParleyTesting
import Testing

extension StoreConformanceTests {
    @Test("Whoever is erased leaves nothing that only they could reach", arguments: StoreFactory.all)
    func erase(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let alice = Identity.alice.email
            try await addAccounts(t)
            let own = try await t.conversation(holding: ["pelican", "gull"], as: .alice).id
            let solo = try await t.store.createProject(NewProject(name: "Solo"), as: .alice).value.id
            let mine = try await t.conversation(holding: ["heron"], in: solo, as: .alice).id
            _ = try await t.begin("stork", in: mine, as: .alice)
            let others = try await t.conversation(holding: ["tern"], as: .bob).id
            let shared = try await t.sharedProject()
            let common = try await t.conversation(holding: ["what Alice said"], in: shared.id, as: .alice).id
            for place in [own, common, nil] { _ = try await t.store.setDraft("to be said", in: place, as: .alice) }
            _ = try await t.store.setDraft("Bob's", in: common, as: .bob)
            for person in [Identity.alice, .bob] { _ = try await t.store.setReadMark(1, in: common, as: person) }
            try await log(t, of: [.alice, .alice, .bob])

            let foreseen = try await t.erasure.erasable(alice)
            let commit = try await t.erasure.erase(alice)
            let report = commit.value
            #expect(foreseen == report)
            #expect(try await t.erasure.erasable(alice) == ErasureReport())
            #expect(report.hadAccount && report.loginSessions == 1 && report.projects == 2)
            #expect(report.conversations == 2 && report.messages == 5 && report.memberships == 1)
            #expect(report.drafts == 3 && report.queryLogLines == 2)
            #expect(commit.changes.summary.sorted() == ["deleted 4", "deleted 5"])
            let personal = commit.notices.filter { if case .projectDeleted = $0 { true } else { false } }
            #expect(personal.count == 2 && personal.contains(.projectDeleted(solo)))
            #expect(commit.notices.contains(.memberLeft(alice, shared.id)))
            #expect(commit.notices.last == .signedOut(alice, nil))

            #expect(try await t.accounts.account(alice) == nil)
            #expect(try await t.accounts.loginSession([UInt8](repeating: 1, count: 32)) == nil)
            let bobs = try await t.accounts.loginSession([UInt8](repeating: 2, count: 32))
            #expect(bobs?.account.email == Identity.bob.email)
            await expectError(.notFound) { try await t.log(common, as: .alice) }
            #expect(try await t.log(common, as: .bob).map(\.content) == ["what Alice said"])
            #expect(try await t.log(others, as: .bob).count == 1)
            #expect(try await t.store.draft(in: common, as: .bob)?.text == "Bob's")
            #expect(try await t.store.readMarks(of: [common], as: .bob).map(\.seq) == [1])
            #expect(try await t.store.draft(in: nil, as: .alice) == nil)
            let lines = try await t.queryLog.entries(since: Timestamp(microseconds: 0), limit: 10)
            #expect(lines.map(\.email) == [Identity.bob.email])
            // Whoever comes under this address later is somebody else.
            #expect(try await t.store.personalProject(as: .alice).updatedAt > shared.updatedAt)
            #expect(try await t.search("pelican", as: .alice).isEmpty)
            _ = try await t.store.setMember(alice, role: .viewer, in: shared.id, as: .bob)
            #expect(try await t.store.draft(in: common, as: .alice) == nil)
            #expect(try await t.store.readMarks(of: [common], as: .alice).isEmpty)
        }
    }

    @Test(
        "Where the last owner is erased, the first editor by address owns, else the first viewer",
        arguments: StoreFactory.all
    )
    func eraseLastOwner(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            let shared = try await t.sharedProject().id
            _ = try await t.store.setMember(.person("aaron"), role: .viewer, in: shared, as: .alice)
            _ = try await t.erasure.erase(Identity.alice.email)
            let after = try await t.store.project(shared, as: .carol)
            #expect(after.members.map(\.role) == [.viewer, .owner, .viewer])
            #expect(after.role(of: Identity.bob.email) == .owner)
            _ = try await t.erasure.erase(Identity.bob.email)
            let last = try await t.store.project(shared, as: .carol)
            #expect(last.role(of: .person("aaron")) == .owner && last.role(of: Identity.carol.email) == .viewer)
            // One of two owners leaves nobody more behind than was there.
            let aaron = Identity(email: .person("aaron"))
            _ = try await t.store.setMember(Identity.carol.email, role: .owner, in: shared, as: aaron)
            _ = try await t.erasure.erase(aaron.email)
            #expect(try await t.store.project(shared, as: .carol).members.map(\.role) == [.owner])
            let end = try await t.erasure.erase(Identity.carol.email)
            #expect(end.value.projects == 1 && end.value.memberships == 0)
        }
    }

    @Test("To erase again finds nothing", arguments: StoreFactory.all)
    func eraseAgain(_ factory: StoreFactory) async throws {
        try await factory.withStore { t in
            try await addAccounts(t)
            for number in 0..<45 { try await t.conversation(holding: ["text \(number)"]) }
            #expect(try await t.erasure.erase(Identity.alice.email).value.conversations == 45)
            let again = try await t.erasure.erase(Identity.alice.email)
            #expect(again.value == ErasureReport() && again.changes.isEmpty)
            try await t.erasure.rewrite()
            #expect(try await t.accounts.account(Identity.bob.email) != nil)
        }
    }

    private func addAccounts(_ t: StoreUnderTest) async throws {
        for (number, person) in [Identity.alice, .bob].enumerated() {
            let now = t.clock.now()
            try await t.accounts.createAccount(
                Account(email: person.email, name: nil, department: nil, passwordHash: "hash", createdAt: now)
            )
            try await t.accounts.createLoginSession(
                LoginSession(
                    tokenHash: [UInt8](repeating: UInt8(number + 1), count: 32),
                    email: person.email,
                    createdAt: now,
                    expiresAt: now + .seconds(3600)
                )
            )
        }
    }

    private func log(_ t: StoreUnderTest, of people: [Identity]) async throws {
        for person in people {
            try await t.queryLog.record(
                QueryLogEntry(
                    time: t.clock.now(),
                    email: person.email,
                    department: nil,
                    sessionID: nil,
                    conversationID: t.id(),
                    messageID: t.id(),
                    model: nil,
                    latencyMilliseconds: 5,
                    firstTokenMilliseconds: nil,
                    tokensUsed: nil,
                    status: .delivered
                )
            )
        }
    }
}
