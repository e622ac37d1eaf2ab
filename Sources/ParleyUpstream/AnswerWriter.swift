import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Writes an answer's bytes as they stand on the wire: so that they can be cut anywhere.
struct AnswerWriter {
    let channel: any Channel
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    // Less than an emoji with its joiners, and no divisor of anything that counts.
    private static let pieceBytes = 3

    /// Writes a whole answer.
    func respond(_ status: Int, _ headers: [(String, String)] = [], body: [UInt8]) async throws {
        var buffer = ByteBuffer()
        head(
            status,
            headers + [("Content-Type", "application/json"), ("Content-Length", "\(body.count)")],
            to: &buffer
        )
        buffer.writeBytes(body)
        try await outbound.write(buffer)
    }

    /// Begins a stream of events.
    func beginStream() async throws {
        var buffer = ByteBuffer()
        let headers = [
            ("Content-Type", "text/event-stream; charset=utf-8"), ("Cache-Control", "no-cache"),
            ("Transfer-Encoding", "chunked"),
        ]
        head(200, headers, to: &buffer)
        try await outbound.write(buffer)
    }

    /// Writes a piece of a stream: as one chunk, or in chunks of a few bytes, each sent by itself.
    func write(_ text: String, splitting: Bool) async throws {
        guard splitting else {
            try await outbound.write(Self.chunk(text.utf8))
            return
        }
        var rest = text.utf8[...]
        while !rest.isEmpty {
            try await outbound.write(Self.chunk(rest.prefix(Self.pieceBytes)))
            rest = rest.dropFirst(Self.pieceBytes)
        }
    }

    /// Ends a stream.
    func endStream() async throws {
        try await outbound.write(ByteBuffer(staticString: "0\r\n\r\n"))
    }

    /// Ends the connection.
    func cut(_ cut: Behaviour.Cut) async throws {
        if cut == .rst, let socket = channel as? any SocketOptionProvider {
            // A socket that doesn't linger is closed by a reset.
            try await socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try await channel.close()
    }

    private func head(_ status: Int, _ headers: [(String, String)], to buffer: inout ByteBuffer) {
        buffer.writeString("HTTP/1.1 \(status) Answer\r\n")
        for (name, value) in headers { buffer.writeString("\(name): \(value)\r\n") }
        buffer.writeString("\r\n")
    }

    private static func chunk(_ bytes: some Collection<UInt8>) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeString(String(bytes.count, radix: 16))
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(bytes)
        buffer.writeStaticString("\r\n")
        return buffer
    }
}
