import ParleyCore

extension JSONWriter {
    /// What has changed since a revision.
    mutating func changes(_ page: ChangePage, _ rendered: RenderedMessages = .none) {
        object { writer in
            writer.name("conversation")
            writer.conversation(page.conversation)
            writer.messages(page.messages, rendered)
            writer.member("revision", page.revision)
            writer.member("has_more", page.hasMore)
        }
    }
}

extension ChangePage {
    /// About how many bytes the page takes on the wire.
    var wireBytes: Int { messages.reduce(2048) { $0 + $1.wireBytes } }
}
