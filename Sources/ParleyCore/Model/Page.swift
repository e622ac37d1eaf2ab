/// A slice of a list, and where the next one begins.
public struct Page<Element: Sendable>: Sendable {
    /// The elements, in the list's order.
    public var elements: [Element]
    /// Where the next page begins; `nil` at the end.
    public var next: Cursor?

    /// Makes a page.
    public init(elements: [Element], next: Cursor?) {
        self.elements = elements
        self.next = next
    }
}

/// A place in a list that is ordered by time and id, both descending: the last element of a page.
///
/// Keyset paging stays complete and in order while others write; see <https://use-the-index-luke.com/no-offset>.
public struct Cursor: Hashable, Sendable {
    /// The element's time.
    public let time: Timestamp
    /// The element's id, first half.
    public let high: UInt64
    /// The element's id, second half.
    public let low: UInt64

    /// A cursor behind an element.
    public init<Entity>(time: Timestamp, id: ID<Entity>) {
        self.time = time
        high = id.high
        low = id.low
    }

    /// Reads the wire's form; `nil` where it is none of ours.
    public init?(_ text: String) {
        let halves = text.split(separator: "_", omittingEmptySubsequences: false)
        guard halves.count == 2, let microseconds = Int64(halves[0]), let id = ID<Never>(halves[1]) else { return nil }
        self.init(time: Timestamp(microseconds: microseconds), id: id)
        // One spelling each: no plus sign, no leading zeros, no upper case.
        guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
    }

    /// The element's id.
    public func id<Entity>(of: Entity.Type = Entity.self) -> ID<Entity> {
        ID(high: high, low: low)
    }

    /// The wire's form: opaque to clients.
    public var text: String { "\(time.microseconds)_\(ID<Never>(high: high, low: low))" }
}

/// What a list call asks for.
public struct PageRequest: Hashable, Sendable {
    /// How many elements, within ``Limits/pageSizes``.
    public let limit: Int
    /// Behind which element.
    public let after: Cursor?

    /// Makes a request.
    public init(limit: Int = Limits.pageSize, after: Cursor? = nil) {
        self.limit = limit
        self.after = after
    }
}
