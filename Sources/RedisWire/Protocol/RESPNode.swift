/// One element of a reply, as a place in the reply's bytes.
///
/// A reply's elements lie one after the other in the order in which they came, each aggregate before what is in it.
struct RESPNode: Sendable {
    let kind: RedisKind
    /// Where the element's text begins; for an aggregate the index of the first node behind all that is in it.
    var start: Int32
    /// The bytes of the text; for an aggregate how many elements it has, a map's keys and values counted apart.
    var length: Int32

    init(_ kind: RedisKind, start: Int, length: Int) {
        self.kind = kind
        self.start = Int32(truncatingIfNeeded: start)
        self.length = Int32(truncatingIfNeeded: length)
    }

    /// The element's text in the reply's bytes; only for what is no aggregate.
    var text: Range<Int> { Int(start)..<Int(start) + Int(length) }

    /// The index of the node that comes after this one and all that is in it.
    func next(after index: Int) -> Int { kind.isAggregate ? Int(start) : index + 1 }
}
