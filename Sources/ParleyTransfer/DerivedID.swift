internal import Crypto
internal import ParleyCore

extension ID {
    /// A UUID of version 8 (RFC 9562, section 5.8) that says the same of the same words, and nothing about them.
    ///
    /// The first 122 bits of SHA-256 over the words, each with its length before it, so that no two lists of words are one.
    init(derivedFrom words: [String]) {
        var hash = SHA256()
        for word in words {
            hash.update(data: Array("\(word.utf8.count):".utf8))
            hash.update(data: Array(word.utf8))
        }
        let bytes = Array(hash.finalize())
        let half = { (range: Range<Int>) in bytes[range].reduce(UInt64(0)) { $0 << 8 | UInt64($1) } }
        self.init(
            high: half(0..<8) & ~0xF000 | 0x8000,
            low: half(8..<16) & ~(0b11 << 62) | 0b10 << 62
        )
    }

    /// Whether it was made of words: of version 8, which nothing else here makes.
    var isDerived: Bool { high & 0xF000 == 0x8000 }
}

/// Makes the ids of what one person imports from one kind of source: another person's are others.
///
/// They hang on the personal project's id, which nobody else knows, so that nobody else can take them first.
struct DerivedIDs: Sendable {
    private let root: [String]

    init(into home: ProjectID, from format: String) {
        root = ["parley import", format, home.description]
    }

    func conversation(_ session: [String]) -> ConversationID {
        ConversationID(derivedFrom: root + ["conversation"] + session)
    }

    /// A project that had an id which is somebody else's here.
    func project(_ id: ProjectID) -> ProjectID {
        ProjectID(derivedFrom: root + ["project", id.description])
    }

    /// A project that was a name elsewhere.
    func project(_ name: String) -> ProjectID {
        ProjectID(derivedFrom: root + ["project", name])
    }

    /// A message that had an id.
    func message(in session: [String], id: String) -> MessageID {
        MessageID(derivedFrom: root + ["message"] + session + ["id", id])
    }

    /// A message that stood alone under a key, or was a part of what did.
    func message(under key: String, part: String) -> MessageID {
        MessageID(derivedFrom: root + ["message", "under", key, part])
    }

    /// A message that had none: by what it says, and how many of the same were before it.
    ///
    /// Not by its place alone: lists were cut off at their beginning when the browser's storage was full.
    func message(in session: [String], saying content: ContentKey, occurrence: Int) -> MessageID {
        MessageID(derivedFrom: root + ["message"] + session + ["says", content.description, "\(occurrence)"])
    }
}

/// Tells what a message says from what others say, byte by byte.
typealias ContentKey = ID<NewMessage>

extension NewMessage {
    /// Who speaks, and the text.
    var contentKey: ContentKey { ContentKey(derivedFrom: [role.rawValue, content]) }
}
