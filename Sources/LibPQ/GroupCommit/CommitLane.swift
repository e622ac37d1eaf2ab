/// The rules of one lane of a group commit, without the connection: what waits becomes the next batch when the one before
/// is done.
struct CommitLane<Element> {
    /// What becomes of an added element.
    enum Admission: Hashable {
        /// It waits; the writer, idle until now, must be woken.
        case wake
        /// It waits, and the writer will come to it.
        case wait
        /// It is refused: too many wait.
        case full
        /// It is refused: the lane closes.
        case closed
    }

    /// What the writer does next.
    enum Work {
        /// It writes these.
        case batch([Element])
        /// It sleeps until it is woken.
        case sleep
        /// Nothing will come any more.
        case end
    }

    private let capacity: Int
    private let batchSize: Int
    private var waiting: [(element: Element, weight: Int)] = []
    private var waitingWeight = 0
    /// Whether the writer has found nothing to do and nothing has come since.
    private(set) var isAsleep = false
    private var isClosing = false

    /// Takes the weight of what may wait, and of what is written together.
    ///
    /// Whatever weighs more comes to wait where nothing else does, and is written by itself.
    init(capacity: Int, batchSize: Int) {
        self.capacity = capacity
        self.batchSize = batchSize
    }

    /// How many wait.
    var count: Int { waiting.count }

    /// Adds an element behind all others.
    mutating func add(_ element: Element, weight: Int = 1) -> Admission {
        guard !isClosing else { return .closed }
        guard waiting.isEmpty ? capacity > 0 : waitingWeight + weight <= capacity else { return .full }
        waiting.append((element, weight))
        waitingWeight += weight
        defer { isAsleep = false }
        return isAsleep ? .wake : .wait
    }

    /// Takes what the writer does next, once it is done with what it had.
    mutating func next() -> Work {
        guard !waiting.isEmpty else {
            isAsleep = !isClosing
            return isClosing ? .end : .sleep
        }
        var count = 0
        var weight = 0
        while count < waiting.count, count == 0 || weight + waiting[count].weight <= batchSize {
            weight += waiting[count].weight
            count += 1
        }
        return .batch(take(count))
    }

    /// Refuses further elements; returns whether the writer must be woken.
    ///
    /// What waits is still written.
    mutating func close() -> Bool {
        isClosing = true
        defer { isAsleep = false }
        return isAsleep
    }

    /// Refuses further elements and takes those that wait, since nobody will write them.
    mutating func abandon() -> [Element] {
        isClosing = true
        return take(waiting.count)
    }

    /// Takes the elements that have waited too long: those at the front, as far as the condition holds.
    mutating func drop(while condition: (Element) -> Bool) -> [Element] {
        take(waiting.prefix { condition($0.element) }.count)
    }

    private mutating func take(_ count: Int) -> [Element] {
        let taken = waiting.prefix(count)
        waiting.removeFirst(count)
        waitingWeight -= taken.reduce(0) { $0 + $1.weight }
        return taken.map(\.element)
    }
}
