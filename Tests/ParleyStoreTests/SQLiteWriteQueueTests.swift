import Testing

@testable import ParleySQLite

@Suite("The queue before SQLite's writer")
struct SQLiteWriteQueueTests {
    @Test("Whoever comes to an idle queue starts the writer, nobody else does")
    func starting() {
        var queue = WriteQueue<Int>(capacity: 10, batchSize: 4)
        #expect(queue.add(1) == .startWriter)
        #expect(queue.add(2) == .wait)
        #expect(queue.takeBatch() == [1, 2])
        #expect(queue.add(3) == .wait, "the writer will ask again")
        #expect(queue.takeBatch() == [3])
        #expect(queue.takeBatch() == [])
        #expect(queue.add(4) == .startWriter)
    }

    @Test("Batches come in order and hold no more than their size")
    func batches() {
        var queue = WriteQueue<Int>(capacity: 10, batchSize: 4)
        for element in 1...10 { _ = queue.add(element) }
        #expect(queue.takeBatch() == [1, 2, 3, 4])
        #expect(queue.takeBatch() == [5, 6, 7, 8])
        #expect(queue.takeBatch() == [9, 10])
        #expect(queue.takeBatch() == [])
    }

    @Test("A full queue refuses until a batch was taken")
    func full() {
        var queue = WriteQueue<Int>(capacity: 2, batchSize: 1)
        _ = queue.add(1)
        _ = queue.add(2)
        #expect(queue.add(3) == .full)
        #expect(queue.takeBatch() == [1])
        #expect(queue.add(4) == .wait)
        #expect(queue.takeBatch() + queue.takeBatch() == [2, 4])
    }

    @Test("A closed queue takes nothing, and gives what it has")
    func closing() {
        var queue = WriteQueue<Int>(capacity: 2, batchSize: 1)
        _ = queue.add(1)
        let wasOpen = [queue.close(), queue.close()]
        #expect(wasOpen == [true, false])
        #expect(queue.add(2) == .closed)
        #expect(queue.takeBatch() == [1])
        #expect(queue.takeBatch() == [])
    }
}
