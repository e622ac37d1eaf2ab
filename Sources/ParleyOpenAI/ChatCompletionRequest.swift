import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import ParleyCore

/// The request for a streamed chat completion.
struct ChatCompletionRequest: Sendable {
    /// What the model is asked.
    let prompt: Prompt
    /// Which server, which model.
    let settings: OpenAISettings

    /// The request as it goes out.
    var httpRequest: HTTPClientRequest {
        var base = settings.url[...]
        while base.last == "/" { base.removeLast() }
        var request = HTTPClientRequest(url: base + "/chat/completions")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Accept", value: "text/event-stream")
        request.headers.add(name: "User-Agent", value: "parley")
        if let key = settings.apiKey, !key.isEmpty {
            request.headers.add(name: "Authorization", value: "Bearer \(key)")
        }
        request.body = .bytes(ByteBuffer(bytes: body))
        return request
    }

    /// The body, JSON.
    ///
    /// Messages of tools are left out: a server takes a tool's result only behind the call it answers.
    var body: [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.member("model", prompt.model ?? settings.model)
            writer.name("messages")
            writer.array { writer in
                for message in prompt.messages where message.role != .tool {
                    writer.object { writer in
                        writer.member("role", message.role.rawValue)
                        writer.member("content", message.content)
                    }
                }
            }
            writer.member("stream", true)
            writer.name("stream_options")
            writer.object { $0.member("include_usage", true) }
            if settings.sendsExtensions { writer.member("filters", prompt.filters) }
        }
        return writer.bytes
    }
}
