import ParleyCore
import RedisWire

/// Walks over everything, for the operator's work: no key is listed that another one does not lead to.
extension RedisStore {
    /// How many members a step of a walk asks for.
    private static let step = 1000

    /// All projects, by id.
    func allProjects() async throws -> [ProjectID] {
        try await members(of: TruthKeys.projects).compactMap { ProjectID($0) }.sorted()
    }

    /// All conversations of a project, by id.
    func allConversations(in project: ProjectID) async throws -> [ConversationID] {
        try await members(of: TruthKeys.project(project) + ":sessions").compactMap { ConversationID($0) }.sorted()
    }

    /// The members of a set in small steps, so that nobody waits behind a large one: complete for what is in it from the
    /// first step to the last.
    func members(of key: String) async throws -> Set<String> {
        var members: Set<String> = []
        var cursor = "0"
        repeat {
            let reply = try await send(["SSCAN", .string(key), .string(cursor), "COUNT", .integer(Self.step)])
            let parts = Array(reply.elements)
            guard parts.count == 2, let next = parts[0].string else { throw UnreadableRecord(what: "scan") }
            members.formUnion(parts[1].elements.compactMap(\.string))
            cursor = next
        } while cursor != "0"
        return members
    }
}

extension Collection where Element: Comparable {
    /// The first of a sorted collection behind an element, at most so many.
    func page(after element: Element?, limit: Int) -> [Element] {
        Array((element.map { element in filter { $0 > element } } ?? Array(self)).prefix(limit))
    }
}
