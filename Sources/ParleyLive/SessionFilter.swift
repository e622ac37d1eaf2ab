import ParleyCore

/// Decides which frames go to one client now, and which wait until it has caught up.
///
/// For each conversation that the client subscribes to:
///
/// ```
///                begin                        end(revision)
///   not known ──────────▶ catching up (held) ──────────────▶ in step above a floor
///       ▲                        │ abandon                          │ leave, begin
///       └────────────────────────┴──────────────────────────────────┘
/// ```
///
/// While it catches up, live events wait; then what the store's answer contained already is left out, and the rest follows.
struct SessionFilter: Sendable {
    /// What the client has by then: up to a revision, and so many pieces of a reply that is being written.
    struct Floor: Sendable {
        let revision: Int
        var reply: ReplyPlace?
    }

    /// How many pieces of a reply a client has.
    struct ReplyPlace: Hashable, Sendable {
        let messageID: MessageID
        let nextIndex: Int
    }

    private enum Subscription {
        case catchingUp(held: [LiveFrame], isOverflown: Bool)
        case inStep(Floor?)
    }

    private let connection: ConnectionID
    private let only: ConversationID?
    private var subscriptions: [ConversationID: Subscription] = [:]

    /// Makes a filter for a connection; with `only`, nothing of other conversations goes through.
    init(connection: ConnectionID, only: ConversationID? = nil) {
        self.connection = connection
        self.only = only
    }

    /// How many conversations the client is subscribed to.
    var count: Int { subscriptions.count }

    /// Whether the client is subscribed to a conversation.
    func isSubscribed(to conversation: ConversationID) -> Bool { subscriptions[conversation] != nil }

    /// Whether a frame goes to the client now; one that must wait is kept.
    mutating func passes(_ frame: LiveFrame) -> Bool {
        let about = frame.about
        if let origin = about.origin, origin == connection { return false }
        guard let conversation = about.conversationID else { return true }
        if let only, conversation != only { return false }
        // As a rule there are none, and then that is all.
        guard !subscriptions.isEmpty, about.revision != nil || about.index != nil else { return true }
        switch subscriptions[conversation] {
        case nil, .inStep(nil)?: return true
        case .catchingUp(var held, let isOverflown)?:
            guard !isOverflown else { return false }
            // Out of the dictionary first: else the array would be copied.
            subscriptions[conversation] = .inStep(nil)
            held.append(frame)
            let isFull = held.count > Limits.heldEvents
            subscriptions[conversation] = .catchingUp(held: isFull ? [] : held, isOverflown: isFull)
            return false
        case .inStep(var floor?)?:
            guard floor.lets(about) else { return false }
            if floor.reply != nil, about.index == nil, about.messageID == floor.reply?.messageID {
                // Ended, or begun anew: its pieces are counted from 0 again.
                floor.reply = nil
                subscriptions[conversation] = .inStep(floor)
            }
            return true
        }
    }

    /// Begins to keep a conversation's events back.
    mutating func begin(_ conversation: ConversationID) {
        subscriptions[conversation] = .catchingUp(held: [], isOverflown: false)
    }

    /// Lets the events of a conversation through again, those above the floor.
    ///
    /// - Returns: What waited and is not in what the client has; `nil` where there was no room for all of it.
    mutating func end(_ conversation: ConversationID, at floor: Floor?) -> [LiveFrame]? {
        guard case .catchingUp(let held, let isOverflown)? = subscriptions[conversation] else { return [] }
        subscriptions[conversation] = .inStep(floor)
        guard !isOverflown else { return nil }
        let outdated = Self.outdatedPieces(in: held, at: floor)
        return held.enumerated().filter { !outdated.contains($0.offset) && passes($0.element) }.map(\.element)
    }

    /// Pieces that came before a change of their message which the client has by now: a reply that has ended since, or is
    /// being written anew.
    private static func outdatedPieces(in held: [LiveFrame], at floor: Floor?) -> Set<Int> {
        var changed: Set<MessageID> = []
        var outdated: Set<Int> = []
        for (offset, frame) in held.enumerated().reversed() {
            guard let floor, let message = frame.about.messageID else { continue }
            if let revision = frame.about.revision, revision <= floor.revision { changed.insert(message) }
            if frame.about.index != nil, changed.contains(message) { outdated.insert(offset) }
        }
        return outdated
    }

    /// Forgets a conversation.
    ///
    /// - Returns: What waited; `nil` where there was no room for all of it.
    mutating func leave(_ conversation: ConversationID) -> [LiveFrame]? {
        guard case .catchingUp(let held, let isOverflown)? = subscriptions.removeValue(forKey: conversation) else {
            return []
        }
        return isOverflown ? nil : held
    }
}

extension SessionFilter.Floor {
    /// Whether a frame is news to one who stands here.
    fileprivate func lets(_ about: LiveFrame.About) -> Bool {
        if let revision = about.revision { return revision > self.revision }
        guard let index = about.index, let reply, reply.messageID == about.messageID else { return true }
        return index >= reply.nextIndex
    }
}
