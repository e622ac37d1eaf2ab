import ParleyCore
import ParleyTesting
import Synchronization

/// Who there is in a randomised run, and what they have made so far.
final class RunWorld: Sendable {
    /// Somebody with tabs.
    struct Person: Sendable {
        let email: EmailAddress
        let token: String
        /// The shared projects they are in from the beginning.
        let projects: [String]
        /// Whether they are let into projects and out of them all the time; then they write nothing.
        let comesAndGoes: Bool
    }

    /// A conversation in a shared project.
    struct Place: Sendable {
        let id: String
        let project: String
        /// Whether it is one for turns with the model.
        let isChat: Bool
    }

    private struct State {
        var places: [Place] = []
        var regenerated: Set<String> = []
    }

    /// Who is in all shared projects, and has let all others in.
    let owner: Person
    let people: [Person]
    let projects: [String]
    private let state = Mutex(State())

    /// Makes people, projects and conversations.
    static func make(_ cluster: Cluster, people count: Int, random: inout SplitMix64) async throws -> RunWorld {
        let projects = (0..<max(3, count / 4)).map { _ in FaultClient.newID() }
        var people: [Person] = []
        for number in 0..<count {
            let identity = Identity.person("person\(number)")
            let own = Set((0..<2).map { _ in projects[random.place(in: projects.count)] }).sorted()
            let token = try await RunningServer.token(of: identity)
            people.append(
                Person(email: identity.email, token: token, projects: own, comesAndGoes: number % 8 == 7)
            )
        }
        let owner = Person(
            email: Identity.alice.email,
            token: try await RunningServer.token(of: .alice),
            projects: projects,
            comesAndGoes: false
        )
        let world = RunWorld(owner: owner, people: people, projects: projects)
        let members = people
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, project) in projects.enumerated() {
                group.addTask {
                    let caller = cluster.caller(number % cluster.instances.count)
                    _ = try await caller.post("/api/projects", ["id": .string(project), "name": "Shared"])
                    for person in members where person.projects.contains(project) {
                        _ = try await caller.put(Self.path(person, project), ["role": "editor"])
                    }
                    for number in 0..<4 {
                        let id = FaultClient.newID()
                        let body: JSON = ["id": .string(id), "project_id": .string(project), "title": "Kept"]
                        _ = try await caller.post("/api/conversations", body)
                        world.add(Place(id: id, project: project, isChat: number == 3))
                    }
                }
            }
            try await group.waitForAll()
        }
        return world
    }

    private init(owner: Person, people: [Person], projects: [String]) {
        (self.owner, self.people, self.projects) = (owner, people, projects)
    }

    /// Where somebody's membership is.
    static func path(_ person: Person, _ project: String) -> String {
        "/api/projects/\(project)/members/\(person.email.value.replacing("@", with: "%40"))"
    }

    func add(_ place: Place) { state.withLock { $0.places.append(place) } }

    /// All conversations of some projects.
    func places(in projects: [String], isChat: Bool) -> [Place] {
        state.withLock { $0.places.filter { $0.isChat == isChat && projects.contains($0.project) } }
    }

    var places: [Place] { state.withLock(\.places) }

    /// A reply that was told to begin anew: what was shown of it before is not its beginning any more.
    func note(regenerated reply: String) { state.withLock { _ = $0.regenerated.insert(reply) } }

    var regenerated: Set<String> { state.withLock(\.regenerated) }
}
