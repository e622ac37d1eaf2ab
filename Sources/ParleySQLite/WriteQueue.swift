/// The rules of the queue before the one writer, without the writer.
///
/// Whoever adds to an idle queue must start the writer; the writer takes batches until it gets an empty one, and is idle
/// from then on.
struct WriteQueue<Element> {
    /// What becomes of an added element.
    enum Admission: Hashable {
        /// It waits, and the caller must start the writer.
        case startWriter
        /// It waits, and the writer will come to it.
        case wait
        /// It is refused: too many wait.
        case full
        /// It is refused: the store closes.
        case closed
    }

    private let capacity: Int
    private let batchSize: Int
    private var waiting: [Element] = []
    private var isWriterRunning = false
    private var isClosed = false

    init(capacity: Int, batchSize: Int) {
        self.capacity = capacity
        self.batchSize = batchSize
    }

    /// How many wait.
    var count: Int { waiting.count }

    /// Adds an element behind all others.
    mutating func add(_ element: Element) -> Admission {
        guard !isClosed else { return .closed }
        guard waiting.count < capacity else { return .full }
        waiting.append(element)
        if isWriterRunning { return .wait }
        isWriterRunning = true
        return .startWriter
    }

    /// Takes the oldest elements, at most a batch; none means that the writer has ended.
    mutating func takeBatch() -> [Element] {
        let batch = Array(waiting.prefix(batchSize))
        waiting.removeFirst(batch.count)
        isWriterRunning = !batch.isEmpty
        return batch
    }

    /// Refuses all further elements.
    ///
    /// Returns whether it was open before. What waits is still written.
    mutating func close() -> Bool {
        defer { isClosed = true }
        return !isClosed
    }
}
