import ParleyCore

/// What goes over a bus: events and notices, which keep their order among each other in a channel.
enum Publication: Hashable, Sendable {
    /// Something happened.
    case event(Event)
    /// Somebody may see more or less than before.
    case notice(AccessNotice)

    /// Where it is told.
    var channel: EventChannel {
        switch self {
        case .event(let event): .project(event.projectID)
        case .notice(let notice): notice.channel
        }
    }

    /// Whether nobody misses it who doesn't hear of it.
    var isDispensable: Bool {
        switch self {
        case .event(let event): event.isDispensable
        case .notice(let notice): notice.isDispensable
        }
    }
}
