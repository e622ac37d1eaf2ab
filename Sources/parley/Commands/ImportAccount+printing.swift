import ParleyCore
import ParleyTransfer

extension ImportAccount {
    /// What an import did, for people: counts, and the records that did not come, with reasons.
    func table(_ batch: ImportBatchID) -> String {
        var lines = ["batch          \(batch)", "found          \(found)"]
        for outcome in ImportItemOutcome.allCases {
            let name = outcome.rawValue.replacing("_", with: " ")
            lines.append(name + String(repeating: " ", count: max(1, 15 - name.count)) + "\(count(of: outcome))")
        }
        lines.append("conversations  \(conversations.count + unlistedConversations)")
        let reasons = ends.compactMap { end, count in
            end.reason.map { "  \(end.outcome.rawValue.replacing("_", with: " ")), \($0.rawValue): \(count)" }
        }
        lines += reasons.sorted()
        let refused = items.filter { $0.outcome == .quarantined }
        for item in refused.prefix(20) {
            lines.append("  put aside: \(item.place) (\(item.reason?.rawValue ?? "unknown"))")
        }
        if refused.count > 20 { lines.append("  … and \(refused.count - 20) more; --json lists them") }
        return lines.joined(separator: "\n")
    }

    /// All of it as JSON, as the API answers it.
    func json(_ batch: ImportBatchID, _ format: ImportFormat) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("batch", batch)
            writer.member("format", format.rawValue)
            writer.member("found", found)
            writer.member("imported", count(of: .imported))
            writer.member("already_there", count(of: .alreadyThere))
            writer.member("merged", count(of: .merged))
            writer.member("left_alone", count(of: .leftAlone))
            writer.member("quarantined", count(of: .quarantined))
            writer.name("conversations")
            writer.array { writer in
                for place in conversations {
                    writer.object { writer in
                        writer.member("id", place.id)
                        writer.member("title", place.title)
                        writer.member("messages", place.messages)
                    }
                }
            }
            writer.name("items")
            writer.array { writer in
                for item in items {
                    writer.object { writer in
                        writer.member("key", item.key)
                        writer.member("index", item.index)
                        writer.member("outcome", item.outcome.rawValue)
                        writer.member("reason", item.reason?.rawValue)
                        writer.member("conversation_id", item.conversationID)
                        writer.member("message_id", item.messageID)
                    }
                }
            }
            if found > items.count { writer.member("unlisted", found - items.count) }
            if unlistedConversations > 0 { writer.member("unlisted_conversations", unlistedConversations) }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

extension ImportAccount.Item {
    /// Where it stood, safe for a terminal.
    fileprivate var place: String {
        let text = index.map { "\(key), \($0)" } ?? key
        let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
            scalar.properties.generalCategory == .control || scalar.properties.isWhitespace ? " " : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }
}

extension ImportUndo.Account {
    /// What was taken back, for people.
    var table: String {
        var lines = ["conversations deleted  \(conversations)", "messages deleted       \(messages)"]
        for place in left {
            lines.append("  left: \(place.id) (\(place.reason.rawValue), \(place.messages) messages deleted in it)")
        }
        return lines.joined(separator: "\n")
    }

    /// All of it as JSON, as the API answers it.
    func json(_ batch: ImportBatchID) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("batch", batch)
            writer.member("conversations", conversations)
            writer.member("messages", messages)
            writer.name("left")
            writer.array { writer in
                for place in left {
                    writer.object { writer in
                        writer.member("id", place.id)
                        writer.member("reason", place.reason.rawValue)
                        writer.member("messages", place.messages)
                    }
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
