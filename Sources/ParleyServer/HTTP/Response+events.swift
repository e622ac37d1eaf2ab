import AsyncAlgorithms
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ParleyCore

extension Response {
    /// The fields of a stream of server-sent events.
    static let streamHeaders: HTTPFields = [
        .contentType: "text/event-stream", .cacheControl: "no-store", .accelBuffering: "no",
    ]

    /// A stream of server-sent events: those that `produce` emits, then `done`.
    ///
    /// `emit` waits until the connection has taken the event, so a slow reader holds only its own stream back. A comment
    /// every ``Limits/streamHeartbeat`` keeps proxies from closing a silent stream, and finds out that a client has left;
    /// one that takes nothing for ``Limits/writeTimeout`` is disconnected. An error of `produce` becomes an `error` event,
    /// and then there is no `done`.
    static func events(
        for context: ServerContext,
        _ produce: @escaping @Sendable (@Sendable (Event) async throws -> Void) async throws -> Void
    ) -> Response {
        Response(
            status: .ok,
            headers: streamHeaders,
            body: ResponseBody { writer in
                let frames = AsyncChannel<ByteBuffer>()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        defer { frames.finish() }
                        do {
                            try await produce { event in
                                try Task.checkCancellation()
                                await frames.send(event.serverSentFrame)
                            }
                            await frames.send(ByteBuffer(string: "event: done\ndata: {}\n\n"))
                        } catch is CancellationError {
                            // The client has left; there is nobody to tell.
                        } catch {
                            await frames.send(context.errorFrame(of: error))
                        }
                    }
                    group.addTask { try await context.keepAlive(through: frames) }
                    for await frame in frames { try await writer.write(frame) }
                    group.cancelAll()
                }
                try await writer.finish(nil)
            }
        )
    }
}

extension ServerContext {
    /// Sends a comment from time to time, and ends the connection of a client that has stopped reading.
    fileprivate func keepAlive(through frames: AsyncChannel<ByteBuffer>) async throws {
        while true {
            // Nothing to await: the heartbeat is for the time when nothing happens.
            try await Task.sleep(for: Limits.streamHeartbeat)
            do {
                try await withDeadline(Limits.writeTimeout) {
                    await frames.send(ByteBuffer(string: ": keep-alive\n\n"))
                }
            } catch is DeadlineExceeded {
                logger.debug("A client has stopped reading its stream")
                channel.close(promise: nil)
                return
            }
        }
    }

    /// An error as the last event of a stream.
    fileprivate func errorFrame(of error: any Error) -> ByteBuffer {
        let parleyError = ParleyError(answering: error)
        log(parleyError, in: "stream")
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("type", "error")
            writer.error(parleyError, requestID: requestID)
        }
        return ByteBuffer(string: "event: error\ndata: \(String(decoding: writer.bytes, as: UTF8.self))\n\n")
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
