internal import ParleyCore

/// Reads a list page by page, as it is consumed.
struct PagedList<Element: Sendable> {
    private let load: @Sendable (Element?) async throws -> [Element]
    private var page: ArraySlice<Element> = []
    private var last: Element?
    private var isAtEnd = false

    /// `load` gives the elements behind one, none at the end.
    init(load: @escaping @Sendable (Element?) async throws -> [Element]) {
        self.load = load
    }

    /// The next element, which stays the next one.
    mutating func peek() async throws -> Element? {
        if page.isEmpty, !isAtEnd {
            let elements = try await load(last)
            page = elements[...]
            last = elements.last ?? last
            isAtEnd = elements.isEmpty
        }
        return page.first
    }

    /// Leaves the next element behind.
    mutating func pass() {
        _ = page.popFirst()
    }
}

/// Goes through two sorted lists at once, so that what belongs together is met together.
struct MergedWalk<Element: Sendable, Key: Comparable> {
    private var source: PagedList<Element>
    private var target: PagedList<Element>
    private let key: (Element) -> Key

    /// Both lists rise by `key`.
    init(_ source: PagedList<Element>, _ target: PagedList<Element>, by key: @escaping (Element) -> Key) {
        self.source = source
        self.target = target
        self.key = key
    }

    /// The elements with the next key, of one list or of both; `nil` at the end.
    mutating func next() async throws -> (source: Element?, target: Element?)? {
        let (first, second) = (try await source.peek(), try await target.peek())
        guard first != nil || second != nil else { return nil }
        let takesFirst = second.map { other in first.map { key($0) <= key(other) } ?? false } ?? true
        let takesSecond = first.map { other in second.map { key($0) <= key(other) } ?? false } ?? true
        if takesFirst { source.pass() }
        if takesSecond { target.pass() }
        return (takesFirst ? first : nil, takesSecond ? second : nil)
    }
}

/// Where a line of the query log stands.
struct LinePlace: Comparable {
    private let time: Timestamp
    private let message: MessageID

    init(of line: QueryLogEntry) { (time, message) = (line.time, line.messageID) }

    static func < (lhs: Self, rhs: Self) -> Bool { (lhs.time, lhs.message) < (rhs.time, rhs.message) }
}
