import NIOCore
import NIOHTTP1
import ParleyCore
import Synchronization

/// One connection: its requests are answered in order, by one task, while another reads on and sees the client leave.
struct Connection: Sendable {
    /// A request as a whole.
    struct Request: Sendable {
        let head: HTTPRequestHead
        let body: ByteBuffer
    }

    let upstream: Upstream
    /// The connection as it was accepted.
    let accepted: any Channel

    // A turn with the longest history there can be is far below it.
    private static let bodyLimit = 64 * 1024 * 1024

    /// Answers until the connection has ended.
    func serve() async {
        // A connection that breaks has ended, too; what was under way says so in the log.
        guard let channel = try? await httpChannel() else { return }
        try? await channel.executeThenClose { inbound, outbound in
            let requests = Handoff<Request>()
            let writer = AnswerWriter(channel: channel.channel, outbound: outbound)
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { group.cancelAll() }
                group.addTask {
                    // Whether it ends or breaks: the client has left.
                    try? await Self.read(inbound, into: requests)
                }
                group.addTask {
                    let answering = Answering(upstream: upstream, writer: writer)
                    while let request = try await requests.take(), try await answering.answer(request) {}
                }
                try await group.next()
            }
        }
    }

    // Made here and not when the connection is accepted: one that is never served would end the process.
    private func httpChannel() async throws -> NIOAsyncChannel<HTTPServerRequestPart, ByteBuffer> {
        try await accepted.eventLoop.submit { [accepted] in
            try accepted.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
            return try NIOAsyncChannel(wrappingChannelSynchronously: accepted)
        }.flatMap { [accepted] channel in
            accepted.setOption(.autoRead, value: true).map { channel }
        }.get()
    }

    private static func read(
        _ inbound: NIOAsyncChannelInboundStream<HTTPServerRequestPart>,
        into requests: Handoff<Request>
    ) async throws {
        var head: HTTPRequestHead?
        var body = ByteBuffer()
        for try await part in inbound {
            switch part {
            case .head(let next):
                head = next
                body = ByteBuffer()
            case .body(let bytes):
                guard body.readableBytes + bytes.readableBytes <= bodyLimit else { return }
                body.writeImmutableBuffer(bytes)
            case .end:
                if let head { try await requests.give(Request(head: head, body: body)) }
            }
        }
    }
}
