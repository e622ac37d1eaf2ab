import ParleyCore

/// Holds one connection to more than clients may rely on: what the hub does for those who are subscribed.
///
/// From `subscribed` to the next `resync`, a conversation's revisions only rise, each is the next one or what is between was
/// read from the store and is shown by something later; no piece of a reply is left out or comes twice.
struct HubRecord: Sendable {
    /// How a violation begins that is an event behind what was told already.
    static let repeated = "behind"
    /// How one begins that is a piece out of its order.
    static let piece = "piece"

    private enum Place {
        /// Events come as they come.
        case loose
        /// Everything up to here was told.
        case inStep(Int)
    }

    /// Revisions of a conversation that were not told, since what they changed was told as it is now.
    struct Gap: Hashable, Sendable {
        let conversation: String
        let after: Int
        let before: Int
    }

    private var places: [String: Place] = [:]
    /// How often it was asked to be kept in step with a conversation, without an answer so far.
    private var asked: [String: Int] = [:]
    private var pieces: [String: Int] = [:]
    /// The projects that the person is in now, or was in.
    private let mayKnow: @Sendable (String) -> Bool

    private(set) var violations: [String] = []
    private(set) var gaps: [Gap] = []
    private(set) var resyncs: [String: Int] = [:]
    private(set) var events = 0

    init(mayKnow: @escaping @Sendable (String) -> Bool = { _ in true }) {
        self.mayKnow = mayKnow
    }

    /// Takes note of an event.
    mutating func take(_ event: JSON) {
        guard let type = event["type"]?.stringValue else { return note("something without a type", event) }
        events += 1
        if let project = event["project_id"]?.stringValue, !mayKnow(project) { note("something foreign", event) }
        guard let conversation = event["conversation_id"]?.stringValue else {
            if type == "resync" { resync(event) }
            return
        }
        switch type {
        case "subscribed":
            guard let revision = event["revision"]?.intValue else { return note("no revision", event) }
            answered(conversation)
            if asked[conversation] == nil { places[conversation] = .inStep(revision) }
        case "chat_message", "message_updated":
            guard let message = event["message"], let id = message["id"]?.stringValue else {
                return note("no message", event)
            }
            rise(event, of: conversation)
            pieces[id] = message["status"] == "streaming" ? message["next_index"]?.intValue : nil
            if message["revision"] != event["revision"] { note("two revisions", event) }
        case "conversation_created", "conversation_updated": rise(event, of: conversation)
        case "conversation_deleted": places[conversation] = nil
        case "message_delta": take(piece: event, of: conversation)
        case "resync": resync(event)
        case "error": answered(conversation)
        default: break
        }
    }

    /// The client has asked to be kept in step, and what comes until it is told so may have come before.
    mutating func hasAsked(for conversation: String) {
        places[conversation] = nil
        asked[conversation, default: 0] += 1
    }

    private mutating func answered(_ conversation: String) {
        let left = (asked[conversation] ?? 0) - 1
        asked[conversation] = left > 0 ? left : nil
    }

    private mutating func resync(_ event: JSON) {
        resyncs[event["reason"]?.stringValue ?? "none", default: 0] += 1
        if let conversation = event["conversation_id"]?.stringValue {
            places[conversation] = .loose
            answered(conversation)
        } else if event["reason"] != "joined" {
            places = [:]
        }
    }

    private mutating func rise(_ event: JSON, of conversation: String) {
        guard let revision = event["revision"]?.intValue else { return note("no revision", event) }
        guard case .inStep(let last)? = places[conversation] else { return }
        // Read from the store, a conversation stands as it is now behind its messages, and so at the revision of the last.
        if revision == last, event["type"] == "conversation_updated" { return }
        if revision <= last { return note("\(Self.repeated) \(last)", event) }
        if revision > last + 1 { gaps.append(Gap(conversation: conversation, after: last, before: revision)) }
        places[conversation] = .inStep(revision)
    }

    private mutating func take(piece event: JSON, of conversation: String) {
        guard let id = event["message_id"]?.stringValue, let index = event["index"]?.intValue else {
            return note("no piece", event)
        }
        defer { pieces[id] = index + 1 }
        guard case .inStep? = places[conversation] else { return }
        // One that was begun before, and had no pieces yet.
        let expected = pieces[id] ?? 0
        // What the store gave already may still be on its way, and comes again: pieces are folded by their index.
        if index > expected { note("\(Self.piece) \(expected) was expected", event) }
    }

    private mutating func note(_ what: String, _ event: JSON) {
        guard violations.count < 50 else { return }
        violations.append("\(what): \(String(decoding: event.serialized.prefix(300), as: UTF8.self))")
    }
}
