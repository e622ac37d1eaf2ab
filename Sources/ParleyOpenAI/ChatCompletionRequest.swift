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
        var request = settings.request("/chat/completions")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Accept", value: "text/event-stream")
        request.body = .bytes(ByteBuffer(bytes: body))
        return request
    }

    /// The body, JSON.
    ///
    /// A tool's result that names no call is left out: a server takes a result only behind the call it answers.
    var body: [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.member("model", prompt.model ?? settings.model)
            writer.name("messages")
            writer.array { writer in
                for message in prompt.messages where message.role != .tool || message.toolCallID != nil {
                    writer.message(message)
                }
            }
            if !prompt.tools.isEmpty {
                writer.name("tools")
                writer.array { writer in for tool in prompt.tools { writer.tool(tool) } }
            }
            if let schema = prompt.answerSchema { writer.responseFormat(schema) }
            writer.member("stream", true)
            writer.name("stream_options")
            writer.object { $0.member("include_usage", true) }
            if settings.sendsExtensions { writer.member("filters", prompt.filters) }
        }
        return writer.bytes
    }
}

extension JSONWriter {
    fileprivate mutating func message(_ message: PromptMessage) {
        object { writer in
            writer.member("role", message.role.rawValue)
            // One who only calls says nothing.
            if message.content.isEmpty, !message.toolCalls.isEmpty {
                writer.member("content", JSON.null)
            } else if message.parts.isEmpty {
                writer.member("content", message.content)
            } else {
                let text: [JSON] = message.content.isEmpty ? [] : [["type": "text", "text": .string(message.content)]]
                writer.member("content", JSON.array(text + message.parts))
            }
            if !message.toolCalls.isEmpty {
                writer.name("tool_calls")
                writer.array { writer in
                    for call in message.toolCalls {
                        writer.value([
                            "id": .string(call.id), "type": "function",
                            "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
                        ])
                    }
                }
            }
            if message.role == .tool { writer.member("tool_call_id", message.toolCallID) }
        }
    }

    fileprivate mutating func tool(_ tool: ToolDefinition) {
        value([
            "type": "function",
            "function": [
                "name": .string(tool.name), "description": .string(tool.description), "parameters": tool.parameters,
            ],
        ])
    }

    fileprivate mutating func responseFormat(_ schema: AnswerSchema) {
        member(
            "response_format",
            [
                "type": "json_schema",
                "json_schema": ["name": .string(schema.name), "strict": true, "schema": schema.schema],
            ] as JSON
        )
    }
}
