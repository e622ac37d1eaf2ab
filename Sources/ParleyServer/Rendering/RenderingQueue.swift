public import NIOPosix
import ParleyAuth
import ParleyCore
import ParleyMarkdown

/// Renders Markdown on threads that nothing else of a request runs on, a few texts at a time.
///
/// A text takes a thread for about 20 ms per MiB, hostile ones of one call for a third of a second together; neither may hold
/// up those who wait for something else.
public struct RenderingQueue: Sendable {
    private let renderer = MarkdownRenderer()
    private let queue: WorkQueue

    /// Makes a queue before a pool.
    public init(pool: NIOThreadPool) {
        queue = WorkQueue(
            pool: pool,
            width: Limits.rendersAtOnce,
            depth: Limits.renderQueue,
            refusal: "Too much is being rendered; try again."
        )
    }

    /// The texts' blocks, in the texts' order.
    ///
    /// - Throws: 503 where too many wait already.
    func render(_ texts: [String]) async throws -> [[MarkdownBlock]] {
        // Most pages have nothing to render, and needn't wait for a thread.
        if texts.isEmpty { return [] }
        return try await queue.run { [renderer] in renderer.blocks(of: texts) }
    }
}
