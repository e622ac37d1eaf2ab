import ParleyCore
import ParleyMarkdown

/// What a client asked to have rendered.
enum Rendering: String, CaseIterable {
    case html
}

/// The HTML of a page's messages, as far as it was asked for and fits.
struct RenderedMessages {
    private var blocks: [MessageID: [MarkdownBlock]] = [:]

    /// Nothing was asked for.
    static let none = RenderedMessages()

    private init() {}

    /// Renders what assistants wrote, the newest first, up to ``Limits/renderedPageBytes`` of text.
    ///
    /// What doesn't fit is left out, and a client asks for it when it is to be seen; so is all of it while too much is being
    /// rendered, since a page is to be read also then.
    init(of messages: [Message], _ rendering: Rendering?, in queue: RenderingQueue) async {
        guard rendering != nil else { return }
        var room = Limits.renderedPageBytes
        let chosen = messages.reversed().filter { message in
            guard message.role == .assistant, !message.content.isEmpty else { return false }
            let size = message.content.utf8.count
            guard size <= room else { return false }
            room -= size
            return true
        }
        guard let rendered = try? await queue.render(chosen.map(\.content)) else { return }
        blocks = Dictionary(uniqueKeysWithValues: zip(chosen.map(\.id), rendered))
    }

    /// The blocks of a message; `nil` where it has none here.
    subscript(message: Message) -> [MarkdownBlock]? { blocks[message.id] }

    /// About how many bytes the blocks take on the wire.
    var wireBytes: Int {
        blocks.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1.html.utf8.count + 64 } }
    }
}

extension JSONWriter {
    /// The member `messages`, oldest first, each with its blocks where there are some.
    mutating func messages(_ messages: [Message], _ rendered: RenderedMessages) {
        name("messages")
        array { writer in
            for message in messages {
                writer.object { writer in
                    writer.members(of: message)
                    guard let blocks = rendered[message] else { return }
                    writer.name("rendered")
                    writer.blocks(blocks)
                }
            }
        }
    }

    /// The blocks of a text.
    mutating func blocks(_ blocks: [MarkdownBlock]) {
        array { writer in
            for block in blocks {
                writer.object {
                    $0.member("line", block.line)
                    $0.member("html", block.html)
                }
            }
        }
    }
}
