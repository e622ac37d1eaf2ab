import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyStore

@Suite("What waits to be mirrored")
struct MirrorQueueTests {
    private let now = Timestamp.example

    private func name(_ number: UInt64) -> MirrorName { .conversation(ConversationID(high: 0, low: number)) }

    private static func takeName(_ queue: inout MirrorQueue) -> MirrorName? { queue.take()?.name }

    @Test("waits once, in the order of noting, and again where it changes meanwhile")
    func order() throws {
        var queue = MirrorQueue(capacity: 10, width: 1)
        queue.note(name(1), at: now)
        queue.note(name(2), at: now + .seconds(1))
        queue.note(name(1), at: now + .seconds(2))
        #expect(queue.count == 2)
        #expect(queue.oldest == now)
        let next = queue.take()
        let first = try #require(next)
        #expect(first.name == name(1))
        #expect(Self.takeName(&queue) == nil)
        queue.note(name(1), at: now + .seconds(3))
        queue.finish(first, hasFailed: false, at: now)
        #expect(Self.takeName(&queue) == name(2))
        #expect(queue.count == 2)
    }

    @Test("is never worked on twice at once")
    func exclusion() throws {
        var queue = MirrorQueue(capacity: 10, width: 3)
        queue.note(name(1), at: now)
        let next = queue.take()
        let task = try #require(next)
        queue.note(name(1), at: now)
        #expect(Self.takeName(&queue) == nil)
        queue.finish(task, hasFailed: false, at: now)
        #expect(Self.takeName(&queue) == name(1))
    }

    @Test("waits again where it failed, and is still to be removed first")
    func failure() throws {
        var queue = MirrorQueue(capacity: 10, width: 1)
        queue.note(name(1), isReplaced: true, at: now)
        let next = queue.take()
        let task = try #require(next)
        #expect(task.isReplaced)
        queue.finish(task, hasFailed: true, at: now)
        let again = queue.take()
        #expect(again == task)
    }

    @Test("becomes everything where it is too much, but for what was deleted")
    func overflow() {
        var queue = MirrorQueue(capacity: 3, width: 10)
        for number in 1...5 { queue.note(name(UInt64(number)), at: now) }
        queue.note(name(6), isReplaced: true, at: now)
        var taken: [MirrorQueue.Task] = []
        while let task = queue.take() { taken.append(task) }
        #expect(taken.map(\.name) == [name(1), name(2), name(3), .everything, name(6)])
        #expect(taken.map(\.isReplaced) == [false, false, false, false, true])
    }

    @Test("of a growing reply waits when it is asked for, or with the rest of its conversation")
    func growth() throws {
        var queue = MirrorQueue(capacity: 10, width: 10)
        let id = ConversationID(high: 0, low: 1)
        queue.noteGrowth(of: id, at: now)
        #expect(queue.count == 0)
        queue.noteGrown(at: now)
        #expect(Self.takeName(&queue) == .conversation(id))
        queue.noteGrowth(of: id, at: now)
        queue.note(.conversation(id), at: now)
        queue.noteGrown(at: now)
        #expect(queue.count == 2)
    }
}

@Suite("Two lists walked side by side")
struct MergedWalkTests {
    @Test("meet what belongs together, whatever their pages", arguments: [1, 2, 3, 10])
    func merge(_ page: Int) async throws {
        func list(_ elements: [Int]) -> PagedList<Int> {
            PagedList { last in Array(elements.filter { $0 > last ?? .min }.prefix(page)) }
        }
        var walk = MergedWalk(list([1, 2, 4, 7, 8]), list([2, 3, 4, 9])) { $0 }
        var met: [String] = []
        while let (one, other) = try await walk.next() {
            met.append("\(one.map(String.init) ?? "-")\(other.map(String.init) ?? "-")")
        }
        #expect(met == ["1-", "22", "-3", "44", "7-", "8-", "-9"])
    }
}
