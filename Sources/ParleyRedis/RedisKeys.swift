import Crypto
import ParleyCore

/// What the keys and channels in Redis are called: one place, since several instances and `redis-cli` rely on it.
enum RedisKeys {
    /// The newest messages of a conversation: a list, newest first.
    static func messages(of conversation: ConversationID) -> String { "conversation:\(conversation):messages" }

    /// Who uses up a budget: a string that expires when the budget is full again.
    static func budget(_ limit: String, of key: String) -> String { "limit:\(limit):\(key)" }

    /// Where the events and notices of a channel are published.
    ///
    /// A person's bears half of the address's SHA-256 in place of the address, which is nobody's business who may list
    /// channels or read logs.
    static func events(of channel: EventChannel) -> String {
        switch channel {
        case .project(let id): "events:project:\(id)"
        case .person(let email): "events:person:\(PersonKey(email))"
        }
    }
}

/// What a ``PersonKey`` names.
private enum Person {}

/// Tells a person from all others without saying who it is.
private typealias PersonKey = ID<Person>

extension ID where Entity == Person {
    fileprivate init(_ email: EmailAddress) {
        let hash = SHA256.hash(data: Array(email.value.utf8))
        let halves = hash.withUnsafeBytes { bytes in
            (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        self.init(high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1))
    }
}
