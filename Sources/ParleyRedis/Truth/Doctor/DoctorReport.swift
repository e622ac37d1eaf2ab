/// What an examination of a store found.
public struct DoctorReport: Sendable {
    /// A kind of damage.
    public enum Damage: String, CaseIterable, Sendable {
        /// A project or a conversation in a set has no fields.
        case recordMissing = "listed, but its fields are missing"
        /// A project's or conversation's fields are in no set.
        case recordUnlisted = "not listed"
        /// A conversation's log names a message that isn't there.
        case messageMissing = "message named in the log is missing"
        /// A message stands in no log.
        case messageUnlisted = "message stands in no log"
        /// A message's `seq` is not its place in the log: also where it stands there twice, or the log holds what is no id.
        case messageMisnumbered = "message has another's number"
        /// What is stored can't be read.
        case unreadable = "can't be read"
        /// A conversation's count or newest time is not that of its log.
        case countWrong = "count or time differs from the log"
        /// A conversation's place in lists is not by its time.
        case orderWrong = "place in lists is wrong"
        /// The key of a conversation's id leads nowhere or elsewhere.
        case wayWrong = "way from the id leads nowhere or elsewhere"
        /// A conversation is in two projects.
        case twofold = "is in two projects"
        /// A move, an import or a running reply that nobody will finish.
        case unfinished = "unfinished"
        /// What was deleted is still partly there.
        case trash = "deleted, but still partly there"
        /// A person doesn't find a project they are a member of.
        case memberUnlisted = "member does not find the project"
        /// A message isn't found by its id.
        case placeMissing = "message isn't found by its id"
        /// A message's id leads to a conversation that doesn't hold it.
        case placeStale = "id leads to another conversation"
        /// The search doesn't find a text.
        case notIndexed = "text isn't found by search"
        /// The index of the search holds what no text says.
        case indexStale = "index holds what no text says"
        /// Keys that belong to nothing.
        case keyUnknown = "belongs to nothing"
    }

    /// How often a kind of damage was found.
    public struct Line: Sendable {
        /// The kind.
        public let damage: Damage
        /// How many were found.
        public internal(set) var found = 0
        /// How many of these were repaired.
        public internal(set) var repaired = 0
        /// Where, for the first few: ids and names of keys, without words of texts.
        public internal(set) var places: [String] = []
    }

    /// How many places are named.
    private static let placesNamed = 3

    /// What was looked at.
    public internal(set) var projects = 0
    /// What was looked at.
    public internal(set) var conversations = 0
    /// What was looked at.
    public internal(set) var messages = 0
    /// What could not be looked at here, and why.
    public internal(set) var notes: [String] = []
    private var byDamage: [Damage: Line] = [:]

    /// What was found, kind by kind; nothing where all is well.
    public var lines: [Line] { Damage.allCases.compactMap { byDamage[$0] } }

    /// How much of it is still there.
    public var left: Int { lines.reduce(0) { $0 + $1.found - $1.repaired } }

    mutating func note(_ damage: Damage, at place: String, count: Int = 1) {
        guard count > 0 else { return }
        var line = byDamage[damage] ?? Line(damage: damage)
        line.found += count
        if line.places.count < Self.placesNamed { line.places.append(place) }
        byDamage[damage] = line
    }

    /// Says what is left of the damage, and adds what came to light only then.
    mutating func settle(_ after: DoctorReport) {
        for damage in Damage.allCases {
            let left = after.byDamage[damage]?.found ?? 0
            guard var line = byDamage[damage] ?? after.byDamage[damage] else { continue }
            line.found = max(line.found, left)
            line.repaired = line.found - left
            byDamage[damage] = line
        }
    }
}
