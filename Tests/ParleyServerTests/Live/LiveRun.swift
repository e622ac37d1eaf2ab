import Foundation
import HTTPTypes
import LibPQ
import ParleyCore
import ParleyTesting
import Synchronization
import Testing

/// Hundreds of tabs at several instances, people who write and come and go, and faults: in the end every tab shows what the
/// store has.
struct LiveRun: Sendable {
    /// How long, how many, and what happens.
    ///
    /// Each can be set from outside, to run longer by hand.
    struct Plan: Sendable {
        var seconds = 20
        var clients = 100
        var seed = UInt64.random(in: 0...UInt64(UInt32.max))
        var faults = RunFault.allCases

        /// Reads `PARLEY_RUN_SECONDS`, `PARLEY_RUN_CLIENTS` (of each instance) and `PARLEY_RUN_SEED`.
        init() {
            let environment = ProcessInfo.processInfo.environment
            func number(_ name: String) -> UInt64? { environment["PARLEY_RUN_\(name)"].flatMap { UInt64($0) } }
            seconds = number("SECONDS").map { Int($0) } ?? seconds
            clients = number("CLIENTS").map { Int($0) } ?? clients
            seed = number("SEED") ?? seed
        }
    }

    let cluster: Cluster
    let plan: Plan
    let world: RunWorld
    let tabs: [Tab]
    private let journal = Journal()
    private let writers = 16

    init(_ plan: Plan, in cluster: Cluster) async throws {
        (self.cluster, self.plan) = (cluster, plan)
        var random = SplitMix64(seed: plan.seed)
        let count = plan.clients * cluster.instances.count
        let world = try await RunWorld.make(cluster, people: max(8, count / 6), random: &random)
        let people = world.people + [world.owner]
        // All of a person's are known whom they may hear of; those who come and go may come to know all that is shared.
        let foreign = Dictionary(
            uniqueKeysWithValues: people.map { person in
                let own = person.comesAndGoes ? world.projects : person.projects
                return (person.email, Set(world.projects).subtracting(own))
            }
        )
        tabs = (0..<count).map { number in
            let person = people[number % people.count]
            let foreign = foreign[person.email] ?? []
            return Tab(
                number: number,
                of: person.email,
                token: person.token,
                way: number % 10 == 9 ? .stream : .socket,
                at: number % cluster.instances.count,
                in: cluster
            ) { !foreign.contains($0) }
        }
        self.world = world
    }

    /// Runs it, and records what is not as it should be; returns what there was.
    func run() async throws -> String {
        let clock = ContinuousClock()
        let start = clock.now
        func report(_ what: String) { Self.say("  \(start.duration(to: clock.now)) \(what)") }
        Self.say("PARLEY_RUN_SEED=\(plan.seed), \(tabs.count) tabs")
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for tab in tabs { group.addTask { await tab.run() } }
            defer { for tab in tabs { tab.stop() } }
            for tab in tabs {
                _ = await tab.until { $0.logs.values.contains(where: \.isInStep) }
                if tab.number % 20 == 0 { report("tab \(tab.number)") }
            }
            report("all are in step")
            let time = try await work()
            report("the work is done")
            for instance in cluster.instances.indices {
                let answer = try? await cluster.caller(instance).get("/health/live")
                let log = try cluster.instances[instance].log().suffix(8000)
                try #require(answer?.status == .ok, "\(log)")
            }
            try await rest()
            let truth = try await RunTruth.read(in: cluster, of: world, tabs)
            report("at rest, \(truth.conversations.count) conversations")
            await settle(truth)
            report("settled")
            for tab in tabs { tab.stop() }
            try await group.waitForAll()
            try await checkJournal(time)
            report("checked")
            return summary()
        }
    }

    /// Says how far it is, at once: so that what hangs can be seen.
    private static func say(_ what: String) {
        FileHandle.standardError.write(Data((what + "\n").utf8))
    }

    // MARK: Work

    private func work() async throws -> ClosedRange<Int> {
        let start = journal.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<writers {
                let people = world.people.filter { !$0.comesAndGoes }
                let person = people[number % people.count]
                let client = FaultClient(number: number, cluster: cluster, journal: journal, token: person.token)
                var writer = RunWriter(client, person, world, seed: plan.seed &+ UInt64(number) &+ 1)
                group.addTask { await writer.run() }
            }
            group.addTask { await comeAndGo() }
            group.addTask { await stir() }
            defer { journal.end() }
            try await fail()
            journal.end()
            try await group.waitForAll()
        }
        return start...journal.now
    }

    /// All faults in a random order, and again until the time is over.
    private func fail() async throws {
        var random = SplitMix64(seed: plan.seed &+ 1000)
        let clock = ContinuousClock()
        let end = clock.now + .seconds(plan.seconds)
        repeat {
            for fault in plan.faults.shuffled(using: &random) {
                try await fault.happen(in: cluster, &random)
                Self.say("  \(fault)")
                await working()
            }
            if plan.faults.isEmpty { await working() }
        } while clock.now < end
    }

    /// Waits until some has been written again.
    private func working() async {
        let instances = cluster.instances.indices
        await journal.until { progress in instances.reduce(0) { $0 + progress.count(.append, at: $1) } >= 15 }
    }

    /// Lets people into projects and out of them.
    private func comeAndGo() async {
        var random = SplitMix64(seed: plan.seed &+ 2000)
        let people = world.people.filter(\.comesAndGoes)
        while !journal.isOver, !people.isEmpty {
            let path = RunWorld.path(random.pick(people), random.pick(world.projects))
            let caller = cluster.caller(random.place(in: cluster.instances.count))
            // Whether it was done shows in the end; one who was no member is not removed.
            _ = random.oneIn(2) ? try? await caller.put(path, ["role": "viewer"]) : try? await caller.delete(path)
            // So that people are in and out for a while each; nothing depends on how long.
            try? await Task.sleep(for: .milliseconds(Int.random(in: 200...800, using: &random)))
        }
    }

    /// Lets tabs do what people do with them.
    private func stir() async {
        var random = SplitMix64(seed: plan.seed &+ 3000)
        while !journal.isOver {
            let tab = random.pick(tabs)
            switch random.place(in: 10) {
            case 0: tab.reconnect(at: random.place(in: cluster.instances.count))
            case 1: tab.reconnect(anew: true)
            case 2: tab.reconnect()
            default: tab.type()
            }
            // So that some of it happens in the middle of everything else; nothing depends on when.
            try? await Task.sleep(for: .milliseconds(Int.random(in: 50...250, using: &random)))
        }
    }

    // MARK: The end

    /// Waits until no reply is being written any more.
    private func rest() async throws {
        try await cluster.postgres.withConnection { connection in
            while true {
                let rows = try await connection.query("SELECT count(*) FROM message WHERE status = 'streaming'")
                if try rows.first?.decode(0, as: Int.self) == 0 { return }
                // PostgreSQL tells nobody that the last reply has ended: it is asked again.
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }

    /// Waits until each tab shows what the store has, for longer than it takes to look at everything several times.
    private func settle(_ truth: RunTruth) async {
        let unsettled = await withTaskGroup(of: Int?.self) { group in
            for tab in tabs {
                group.addTask { await tab.until { truth.problems(of: tab, $0).isEmpty } ? nil : tab.number }
            }
            group.addTask {
                // The bound of the waiting above, which events end.
                try? await Task.sleep(for: .seconds(300))
                return -1
            }
            var waiting = tabs.count
            var unsettled: [Int] = []
            for await number in group {
                if number == -1 { group.cancelAll() } else { waiting -= 1 }
                if let number, number >= 0 { unsettled.append(number) }
                if waiting == 0 { group.cancelAll() }
            }
            return unsettled.sorted()
        }
        for number in unsettled.prefix(10) {
            let tab = tabs[number]
            Issue.record("tab \(number) (\(tab.way), \(tab.person)): \(truth.problems(of: tab, tab.state).prefix(3))")
        }
        #expect(unsettled.isEmpty, "\(unsettled.count) of \(tabs.count) tabs show something else.")
    }

    private func checkJournal(_ time: ClosedRange<Int>) async throws {
        let regenerated = world.regenerated
        let operations = journal.operations.map { operation in
            var operation = operation
            if let reply = operation.reply, regenerated.contains(reply) { operation.pieces = [] }
            return operation
        }
        let state = try await RestState.read(Set(operations.map(\.conversation)), in: cluster, cluster.postgres)
        var check = JournalCheck(operations: operations, truth: state.truth, replies: state.replies, views: state.views)
        check.conditions.losing = Set(cluster.instances.indices)
        check.conditions.failing = time
        (check.conditions.longest, check.conditions.longestStream) = (60_000_000_000, 90_000_000_000)
        let violations = check.violations()
        for violation in violations.prefix(20) { Issue.record("\(violation)") }
        #expect(violations.isEmpty, "\(violations.count) promises are broken, of \(operations.count) operations.")
    }

    private func summary() -> String {
        var totals = Tab.Totals()
        for tab in tabs { totals.add(tab.totals) }
        // With links that fail an event may come again, late, and pieces behind the end of their reply: they are folded by
        // revision and index, as the state shows that is compared above. Without, neither does.
        let violations = totals.violations.filter { violation in
            plan.faults.isEmpty || !(violation.hasPrefix(HubRecord.repeated) || violation.hasPrefix(HubRecord.piece))
        }
        for violation in violations.prefix(20) { Issue.record("a socket was told \(violation)") }
        #expect(violations.isEmpty, "\(violations.count) times")
        let operations = journal.operations
        return """
            \(operations.filter(\.isDone).count) of \(operations.count) operations done, \(totals.events) events over \
            \(totals.connections) connections, closed with \(totals.closings), resyncs \(totals.resyncs), \
            \(totals.gaps.count) gaps filled, \(totals.violations.count - violations.count) events again
            """
    }
}
