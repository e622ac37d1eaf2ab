internal import ParleyCore

/// A conversation as the doctor sees it.
struct SessionFinding {
    /// A message of the log: where it stands and what it is.
    struct Place {
        let index: Int
        let id: String
        var value: [UInt8] = []
    }

    /// A text that the index should hold.
    struct Text {
        let place: Place
        let terms: String
        let createdAt: Timestamp
    }

    /// The fields; `nil` where there are none, or none that can be read.
    var record: SessionRecord?
    var isReadable = true
    var isPassing = false
    var isListed = true
    var count = 0
    var score: Timestamp?
    var hasLease = false
    var missing: [Place] = []
    var unreadable: [Place] = []
    var misnumbered: [Place] = []
    var unplaced: [Place] = []
    var unindexed: [Text] = []
    var isTitleUnindexed = false
    /// How many texts there are, and terms in them.
    var texts = IndexedTexts()
    /// The first and the last message, and the latest revision of one.
    var first: Message?
    var last: Message?
    var revision = 0
    /// The messages' revisions in order; 0 where there is none.
    var revisions: [Int] = []
    /// The reply that is being written.
    var running: (message: MessageID, fence: Int)?
    /// Whether some message has an earlier time than one before it.
    var isUnordered = false
    /// Whether the log holds what is no message's id.
    var hasOddEntries = false

    /// The messages that changed after they were appended, as their `seq`s and revisions: the revisions of the others rise.
    var changed: [(seq: Int, revision: Int)] {
        var (changed, next): ([(seq: Int, revision: Int)], Int) = ([], .max)
        for (index, revision) in revisions.enumerated().reversed() where revision > 0 {
            if revision < next { next = revision } else { changed.append((index + 1, revision)) }
        }
        return changed
    }
}

/// How many terms the texts that were looked at hold, each once for a text.
struct IndexedTexts {
    var terms = 0
    /// Whether all texts could be read.
    var isComplete = true

    static func += (lhs: inout Self, rhs: Self) {
        lhs.terms += rhs.terms
        lhs.isComplete = lhs.isComplete && rhs.isComplete
    }
}
