internal import ParleyCore

/// Conversations as Markdown that people read: one document, a section for each conversation.
///
/// Texts stand as they are, since they are Markdown themselves; what could be taken for the document's own headings and rules
/// stands indented within a quotation. Titles and names are escaped.
enum ExportMarkdown {
    static func header() -> [UInt8] { [] }

    static let end = Array("\n".utf8)

    static func project(_ project: Project) -> [UInt8] {
        var text = "# \(escaped(project.name))\n\n"
        if let description = project.description { text += quoted(description) + "\n\n" }
        return Array(text.utf8)
    }

    static func conversation(_ conversation: Conversation) -> [UInt8] {
        var text = "## \(escaped(conversation.title))\n\n"
        text += "*\(conversation.createdAt) – \(conversation.updatedAt), id \(conversation.id)*\n\n"
        if let description = conversation.description { text += quoted(description) + "\n\n" }
        return Array(text.utf8)
    }

    static func message(_ message: Message) -> [UInt8] {
        let name: String
        switch message.role {
        case .user: name = message.author.map { escaped($0.value) } ?? "User"
        case .assistant: name = message.model.map { "Assistant (\(escaped($0)))" } ?? "Assistant"
        case .system: name = "System"
        case .tool: name = "Tool"
        }
        var text = "### \(name), \(message.createdAt)\n\n"
        switch message.status {
        case .deleted: text += "*deleted*\n\n"
        case .failed: text += "*failed*\n\n"
        case .interrupted, .streaming: text += "*interrupted*\n\n"
        case .delivered: break
        }
        if !message.content.isEmpty { text += quoted(message.content) + "\n\n" }
        for context in message.contexts ?? [] {
            let title = context["title"]?.nonEmptyString ?? "Source"
            text += "- \(escaped(title))\n"
        }
        if message.contexts?.isEmpty == false { text += "\n" }
        if !message.reactions.isEmpty {
            text += message.reactions.map { "\(escaped($0.emoji)) \($0.users.count)" }.joined(separator: " · ") + "\n\n"
        }
        return Array(text.utf8)
    }

    /// A text within a quotation, so that no heading of its own is taken for one of the document.
    private static func quoted(_ text: String) -> String {
        text.replacing("\r\n", with: "\n").split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r" }
            .map { $0.isEmpty ? ">" : "> \($0)" }
            .joined(separator: "\n")
    }

    /// A text in one line in which nothing is Markdown or HTML.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "`", "*", "_", "{", "}", "[", "]", "(", ")", "#", "+", "-", ".", "!", "|", "~", ":", "@":
                result += "\\"
                result.unicodeScalars.append(scalar)
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\n", "\r", "\t": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
