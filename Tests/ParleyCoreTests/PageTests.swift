import ParleyCore
import Testing

@Suite("Cursors")
struct CursorTests {
    @Test(
        "A cursor is the same after writing and reading",
        arguments: [0, 1, -1, Int64.max, .min, 1_795_252_440_123_456]
    )
    func roundTrip(_ microseconds: Int64) throws {
        let id = MessageID(high: .random(in: 0 ... .max), low: .random(in: 0 ... .max))
        let cursor = Cursor(time: Timestamp(microseconds: microseconds), id: id)
        let read = try #require(Cursor(cursor.text))
        #expect(read == cursor)
        #expect(read.id(of: Message.self) == id)
        #expect(read.time.microseconds == microseconds)
    }

    @Test(
        "What is no cursor of ours is refused",
        arguments: [
            "", "_", "1", "1_", "_0198c1a0-7e5b-7c3d-8f21-0242ac120002", "x_0198c1a0-7e5b-7c3d-8f21-0242ac120002",
            "1_0198c1a0-7e5b-7c3d-8f21-0242ac120002_", "1_0198c1a0-7e5b-7c3d-8f21-0242ac12000",
            "9223372036854775808_0198c1a0-7e5b-7c3d-8f21-0242ac120002", "+1_0198c1a0-7e5b-7c3d-8f21-0242ac120002",
            "01_0198c1a0-7e5b-7c3d-8f21-0242ac120002", "1_0198C1A0-7e5b-7c3d-8f21-0242ac120002",
            "1_0198c1a0-7e5b-7c3d-8f21-0242ac120002'; DROP TABLE messages",
        ]
    )
    func refused(_ text: String) {
        #expect(Cursor(text) == nil)
    }
}

@Suite("Roles")
struct RoleTests {
    @Test(
        "A role allows exactly what it should",
        arguments: [
            (Role.owner, Access.read, true), (.owner, .write, true), (.owner, .administer, true),
            (.editor, .read, true), (.editor, .write, true), (.editor, .administer, false),
            (.viewer, .read, true), (.viewer, .write, false), (.viewer, .administer, false),
        ]
    )
    func table(_ role: Role, _ access: Access, _ allowed: Bool) {
        #expect(role.allows(access) == allowed)
    }

    @Test("A refusal is forbidden, not hidden", arguments: Access.allCases)
    func refusal(_ access: Access) {
        #expect(access.refusal.code == .forbidden)
    }

    @Test("A project knows the role of its members and of nobody else")
    func roleOf() throws {
        let ann = try #require(EmailAddress("ann@example.com"))
        let bob = try #require(EmailAddress("bob@example.com"))
        let project = Project(
            id: ProjectID(high: 1, low: 1),
            name: "P",
            isPersonal: false,
            members: [Member(email: ann, role: .viewer)],
            createdAt: Timestamp(microseconds: 0),
            updatedAt: Timestamp(microseconds: 0)
        )
        #expect(project.role(of: ann) == .viewer)
        #expect(project.role(of: bob) == nil)
    }
}
