public import NIOCore

/// The elements of an array of bulk strings, without a copy.
///
/// Made for pages of ready JSON: join them with ``withBytes(at:_:)`` or take slices.
public struct RedisBulkStrings: RandomAccessCollection, Sendable {
    private let bytes: ByteBuffer
    private let nodes: ArraySlice<RESPNode>

    init(bytes: ByteBuffer, nodes: ArraySlice<RESPNode>) {
        self.bytes = bytes
        self.nodes = nodes
    }

    /// The position of the first, 0.
    public var startIndex: Int { 0 }
    /// The position behind the last.
    public var endIndex: Int { nodes.count }

    /// All elements' bytes together, without what RESP puts between them.
    public var byteCount: Int { nodes.reduce(0) { $0 + Int($1.length) } }

    /// An element's bytes.
    public subscript(position: Int) -> ByteBufferView {
        let text = range(at: position)
        var slice = bytes
        slice.moveReaderIndex(forwardBy: text.lowerBound)
        slice.moveWriterIndex(to: slice.readerIndex + text.count)
        return slice.readableBytesView
    }

    /// Gives access to an element's bytes; the pointer must not leave `body`.
    public func withBytes<Result>(
        at position: Int,
        _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        let text = range(at: position)
        return try bytes.withUnsafeReadableBytes { try body(UnsafeRawBufferPointer(rebasing: $0[text])) }
    }

    private func range(at position: Int) -> Range<Int> { nodes[nodes.startIndex + position].text }
}
