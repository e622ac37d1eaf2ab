import NIOCore
import ParleyCore

/// What is made in Parley before a scenario, and what is asked of it meanwhile where only one thing is asked at once.
struct ParleyCalls: Sendable {
    private let caller: NIOLoopBound<HTTPCaller>
    private let eventLoop: any EventLoop

    init(_ endpoint: Endpoint, on eventLoop: any EventLoop) async throws {
        self.eventLoop = eventLoop
        caller = try await HTTPCaller.open(endpoint, on: eventLoop).get()
    }

    @discardableResult
    func call(_ method: String, _ path: String, as person: People.Person, _ body: JSON? = nil) async throws -> JSON {
        let request = RequestText.make(method, path, token: person.token, body)
        let promise = eventLoop.makePromise(of: ByteBuffer.self)
        eventLoop.execute { [caller] in
            caller.value.send(request) { promise.completeWith($0.mapError { $0 as any Error }) }
        }
        return try JSON(parsing: String(buffer: try await promise.futureResult.get()))
    }

    /// A conversation of the person's own, or in a project.
    func conversation(of person: People.Person, in project: String? = nil) async throws -> String {
        var body = JSONObject()
        body["project_id"] = project.map { .string($0) }
        return try Self.id(of: await call("POST", "/api/conversations", as: person, .object(body)))
    }

    /// A project that all are in; the first is its owner.
    func project(of people: People) async throws -> String {
        let project = try Self.id(of: await call("POST", "/api/projects", as: people[0], ["name": "Load"]))
        for number in 1..<max(1, people.count) {
            let member = people[number].email
            try await call("PUT", "/api/projects/\(project)/members/\(member)", as: people[0], ["role": "editor"])
        }
        return project
    }

    func close() {
        eventLoop.execute { [caller] in caller.value.close() }
    }

    static func id(of answer: JSON) throws -> String {
        guard let id = answer["id"]?.stringValue else { throw LoadFailure.unreadable(answer.text) }
        return id
    }
}
