import Logging
import ParleyCore
import ParleyMetrics
import ParleyStore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyLive

/// A hub over the reference store, in this process; no time passes but what a test lets pass.
struct House: Sendable {
    let clock: ManualClock
    let stopwatch = TestClock()
    let bus: FaultyBus
    let faulty: FaultyStore
    /// The store whose changes are told.
    let store: PublishingStore
    let hub: LiveHub
    private let kind: GroupKind

    init(
        _ kind: GroupKind = .queued,
        bus: FaultyBus = FaultyBus(),
        keepsRates: Bool = false,
        sweeps: Bool = true,
        wrap: (FaultyStore) -> any ConversationStore = { $0 }
    ) {
        let clock = ManualClock()
        self.kind = kind
        self.clock = clock
        self.bus = bus
        faulty = FaultyStore(VersionedMemoryStore(MemoryStore(clock: clock)))
        store = PublishingStore(wrap(faulty), bus: bus, clock: clock)
        hub = LiveHub(
            store: faulty,
            bus: bus,
            versions: sweeps ? faulty : nil,
            ids: SequentialIDs(series: 7),
            clock: clock,
            stopwatch: stopwatch,
            keepsRates: keepsRates,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Runs the hub as long as `body` runs; afterwards nothing may be left of it.
    func run<Result>(_ body: () async throws -> Result) async throws -> Result {
        let result = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await hub.run() }
            defer { group.cancelAll() }
            // Those that watch time; then a test's advance reaches them.
            await stopwatch.sleepers(atLeast: 2)
            return try await body()
        }
        #expect(bus.bus.subscriptionCount == 0)
        #expect(hub.feedCount == 0)
        #expect(hub.personCount == 0)
        return result
    }

    /// Lets time pass, once those who wait for it do.
    func advance(by duration: Duration, sleepers: Int = 2) async {
        await stopwatch.sleepers(atLeast: sleepers)
        stopwatch.advance(by: duration)
    }

    /// Connects, without waiting for anything.
    func connect(
        _ identity: Identity,
        by credential: LiveCredential = .token,
        only: ConversationID? = nil,
        since: Int? = nil,
        in group: (any LiveOutletGroup)? = nil
    ) throws -> Tab {
        let session = try hub.admit(identity, by: credential, only: only, greets: only == nil)
        let tab = Tab(session, in: group ?? kind.make())
        session.begin(tab, since: since)
        return tab
    }

    /// Connects, and waits for the greeting.
    func open(_ identity: Identity, by credential: LiveCredential = .token) async throws -> Tab {
        let tab = try connect(identity, by: credential)
        await tab.waits(for: "ready")
        return tab
    }

    /// Alice's project with members, and a conversation in it.
    func project(
        with members: [Identity] = [],
        role: Role = .editor
    ) async throws -> (project: ProjectID, conversation: ConversationID) {
        let project = try await store.createProject(NewProject(name: "Work"), as: .alice).value.id
        for member in members { try await join(member, project, role: role) }
        let conversation = try await store.createConversation(NewConversation(projectID: project), as: .alice).value.id
        return (project, conversation)
    }

    /// Alice lets somebody in.
    func join(_ member: Identity, _ project: ProjectID, role: Role = .editor) async throws {
        _ = try await store.setMember(member.email, role: role, in: project, as: .alice)
    }

    /// Alice says something; returns the revision that it has.
    @discardableResult
    func say(_ text: String, in conversation: ConversationID, as identity: Identity = .alice) async throws -> Int {
        let commit = try await store.appendMessages(
            [.user(text)],
            to: conversation,
            expectedRevision: nil,
            as: identity
        )
        return commit.value[0].revision
    }

    /// The same, and nobody is told.
    @discardableResult
    func sayBehindTheBus(_ text: String, in conversation: ConversationID) async throws -> Int {
        let commit = try await faulty.appendMessages([.user(text)], to: conversation, expectedRevision: nil, as: .alice)
        return commit.value[0].revision
    }
}

extension LiveCredential {
    /// One that holds for the length of a test, and is no sign-in.
    static let token = LiveCredential(login: nil, expiresAt: Timestamp.example + .seconds(1_000_000)) {
        Timestamp.example + .seconds(1_000_000)
    }

    /// A sign-in.
    static func login(_ key: LoginKey, renew: @escaping @Sendable () async throws -> Timestamp) -> LiveCredential {
        LiveCredential(login: key, expiresAt: Timestamp.example + .seconds(1_000_000), renew: renew)
    }

    /// A sign-in that holds for the length of a test.
    static func login(_ key: LoginKey) -> LiveCredential {
        login(key) { Timestamp.example + .seconds(1_000_000) }
    }
}
