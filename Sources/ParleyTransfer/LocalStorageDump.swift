internal import ParleyCore

/// The keys and values of a browser's storage, as they were copied.
struct LocalStorageDump {
    /// A key that holds messages or belongs to them.
    enum Kind: Hashable {
        /// The messages on screen, of whatever session.
        case messages
        /// The passages beside the last answer.
        case contexts
        /// The session on screen.
        case session
        /// The messages of one session.
        case sessionMessages(String)
        /// Anything else.
        case other

        init(_ key: String) {
            switch key {
            case "chat-messages": self = .messages
            case "chat-contexts": self = .contexts
            case "currentChatSession": self = .session
            default:
                let prefix = "chat_messages_"
                self = key.hasPrefix(prefix) ? .sessionMessages(String(key.dropFirst(prefix.count))) : .other
            }
        }
    }

    /// How often a value may have been made a text of: some programs did it twice.
    private static let maximumEncodings = 4

    let members: [JSONObject.Member]

    /// Reads a dump.
    ///
    /// Before anything is made of it, its commas are counted: they bound how many values it can hold, and so the memory
    /// that reading takes.
    init(parsing bytes: [UInt8]) throws(ParleyError) {
        let commas = bytes.count { $0 == UInt8(ascii: ",") }
        guard commas <= Limits.importValues else {
            throw ParleyError(.payloadTooLarge, "The dump holds more than \(Limits.importValues) values.")
        }
        let value: JSON
        do {
            value = try JSON(mending: bytes)
        } catch {
            throw ParleyError(.invalidRequest, "The body is not JSON: \(error.reason), at byte \(error.offset).")
        }
        guard case .object(let object) = value else {
            throw ParleyError(.invalidRequest, "The body must be a JSON object with the storage's keys and values.")
        }
        members = object.members
    }

    /// What a value says, however often it was made a text of.
    static func content(of value: JSON) throws(Unfit) -> JSON {
        var value = value
        for _ in 0..<maximumEncodings {
            guard case .string(let text) = value else { return value }
            do {
                value = try JSON(mending: Array(text.utf8))
            } catch {
                throw Unfit(.brokenJSON)
            }
        }
        guard case .string = value else { return value }
        throw Unfit(.brokenJSON)
    }
}
