import AsyncAlgorithms
import HTTPTypes
import Hummingbird
import NIOCore
import ParleyCore

extension Response {
    /// A stream of server-sent events: those that `produce` emits, then `done`.
    ///
    /// `emit` waits until the connection has taken the event, so a slow reader holds only its own stream back. A comment
    /// every ``Limits/streamHeartbeat`` keeps proxies from closing a silent stream, and finds out that a client has left.
    static func events(
        _ produce: @escaping @Sendable (@Sendable (Event) async throws -> Void) async throws -> Void
    ) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no"],
            body: ResponseBody { writer in
                let frames = AsyncChannel<ByteBuffer>()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        defer { frames.finish() }
                        try await produce { event in
                            try Task.checkCancellation()
                            await frames.send(event.serverSentFrame)
                        }
                        await frames.send(ByteBuffer(string: "event: done\ndata: {}\n\n"))
                    }
                    group.addTask {
                        while !Task.isCancelled {
                            try await Task.sleep(for: Limits.streamHeartbeat)
                            await frames.send(ByteBuffer(string: ": keep-alive\n\n"))
                        }
                    }
                    for await frame in frames { try await writer.write(frame) }
                    group.cancelAll()
                }
                try await writer.finish(nil)
            }
        )
    }
}

extension Event {
    /// The event as a frame of a stream: `event:`, `data:`, and for deltas the `id:` to resume behind.
    var serverSentFrame: ByteBuffer {
        var writer = JSONWriter(capacity: 1024)
        writer.event(self)
        var frame = ByteBuffer()
        frame.reserveCapacity(writer.bytes.count + 128)
        frame.writeString("event: \(wireType)\n")
        if case .delta(let delta) = kind { frame.writeString("id: \(delta.messageID):\(delta.index)\n") }
        frame.writeString("data: ")
        frame.writeBytes(writer.bytes)
        frame.writeString("\n\n")
        return frame
    }
}

extension HTTPField.Name {
    /// Tells nginx not to gather a stream before passing it on.
    fileprivate static let accelBuffering = HTTPField.Name("X-Accel-Buffering") ?? .cacheControl
}
