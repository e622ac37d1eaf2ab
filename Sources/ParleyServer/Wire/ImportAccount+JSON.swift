import ParleyCore
import ParleyTransfer

extension JSONWriter {
    /// What an import did.
    mutating func account(_ account: ImportAccount, of format: ImportFormat, _ batch: ImportBatchID) {
        object { writer in
            writer.member("batch", batch)
            writer.member("format", format.rawValue)
            writer.member("found", account.found)
            writer.member("imported", account.count(of: .imported))
            writer.member("already_there", account.count(of: .alreadyThere))
            writer.member("merged", account.count(of: .merged))
            writer.member("left_alone", account.count(of: .leftAlone))
            writer.member("quarantined", account.count(of: .quarantined))
            writer.name("conversations")
            writer.array { writer in
                for place in account.conversations {
                    writer.object { writer in
                        writer.member("id", place.id)
                        writer.member("title", place.title)
                        writer.member("messages", place.messages)
                    }
                }
            }
            writer.name("items")
            writer.array { writer in
                for item in account.items { writer.item(item) }
            }
            let unlisted = account.found - account.items.count
            if unlisted > 0 { writer.member("unlisted", unlisted) }
            if account.unlistedConversations > 0 {
                writer.member("unlisted_conversations", account.unlistedConversations)
            }
        }
    }

    /// An import that can be taken back.
    mutating func batch(_ batch: ImportBatch) {
        object { writer in
            writer.member("id", batch.id)
            writer.member("created_at", batch.createdAt)
            writer.member("conversations", batch.conversations)
            writer.member("messages", batch.messages)
        }
    }

    /// What was taken back of an import.
    mutating func undone(_ account: ImportUndo.Account, _ batch: ImportBatchID) {
        object { writer in
            writer.member("batch", batch)
            writer.member("conversations", account.conversations)
            writer.member("messages", account.messages)
            writer.name("left")
            writer.array { writer in
                for place in account.left {
                    writer.object { writer in
                        writer.member("id", place.id)
                        writer.member("reason", place.reason.rawValue)
                        writer.member("messages", place.messages)
                    }
                }
            }
        }
    }

    private mutating func item(_ item: ImportAccount.Item) {
        object { writer in
            writer.member("key", item.key)
            writer.member("index", item.index)
            writer.member("outcome", item.outcome.rawValue)
            writer.member("reason", item.reason?.rawValue)
            writer.member("conversation_id", item.conversationID)
            writer.member("message_id", item.messageID)
        }
    }
}
