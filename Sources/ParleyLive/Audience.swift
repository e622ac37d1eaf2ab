import ParleyCore

/// The sessions that a project's events go to, by the groups in which their connections are served.
struct Audience: Sendable {
    private struct Party {
        let group: any LiveOutletGroup
        var sessions: [ConnectionID: LiveSession]
        // Made when it is first needed after a change: delivering must not walk through a dictionary each time.
        var list: [LiveSession]?
    }

    private var parties: [ObjectIdentifier: Party] = [:]

    /// Whether there is nobody.
    var isEmpty: Bool { parties.isEmpty }

    /// Everybody.
    var sessions: [LiveSession] { parties.values.flatMap(\.sessions.values) }

    /// The groups.
    var groups: [any LiveOutletGroup] { parties.values.map(\.group) }

    /// Adds a session that is served by a group.
    mutating func add(_ session: LiveSession, of group: any LiveOutletGroup) {
        parties[ObjectIdentifier(group), default: Party(group: group, sessions: [:])].sessions[session.id] = session
        parties[ObjectIdentifier(group)]?.list = nil
    }

    /// Removes a session.
    mutating func remove(_ session: LiveSession) {
        for key in parties.keys where parties[key]?.sessions.removeValue(forKey: session.id) != nil {
            parties[key]?.list = nil
            if parties[key]?.sessions.isEmpty == true { parties[key] = nil }
        }
    }

    /// Hands a frame to everybody.
    mutating func deliver(_ frame: LiveFrame) {
        for key in parties.keys {
            guard let party = parties[key] else { continue }
            let list = party.list ?? Array(party.sessions.values)
            if party.list == nil { parties[key]?.list = list }
            party.group.deliver(frame, to: list)
        }
    }
}
