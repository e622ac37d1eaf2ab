import NIOCore

/// The replies in an aggregate, in the order in which they came.
public struct RedisElements: Sequence, Sendable {
    /// Goes through the elements.
    public struct Iterator: IteratorProtocol {
        private let elements: RedisElements
        private var index: Int

        init(_ elements: RedisElements) {
            self.elements = elements
            index = elements.indices.lowerBound
        }

        /// The next element.
        public mutating func next() -> RedisReply? {
            guard index < elements.indices.upperBound else { return nil }
            let node = elements.nodes[index]
            defer { index = node.next(after: index) }
            return RedisReply(bytes: elements.bytes, node: node, firstChild: index + 1, nodes: elements.nodes)
        }
    }

    fileprivate let bytes: ByteBuffer
    fileprivate let nodes: [RESPNode]
    fileprivate let indices: Range<Int>

    /// How many there are; a map's keys and values count apart.
    public let count: Int

    init(bytes: ByteBuffer, nodes: [RESPNode], indices: Range<Int>, count: Int) {
        self.bytes = bytes
        self.nodes = nodes
        self.indices = indices
        self.count = count
    }

    /// Begins at the first.
    public func makeIterator() -> Iterator { Iterator(self) }

    /// The element at a position; `nil` where there is none.
    ///
    /// What lies before it is passed over one by one.
    public subscript(position: Int) -> RedisReply? {
        guard position >= 0 else { return nil }
        return dropFirst(position).first { _ in true }
    }
}
