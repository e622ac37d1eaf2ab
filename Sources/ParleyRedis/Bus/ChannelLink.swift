import RedisWire

/// Where the subscription to one channel stands.
///
/// ```
///   opening ── subscribed, overflow ──▶ standing ── link lost ──▶ down ── subscribed, overflow ──▶ standing
///      └──── link lost, refused ──────────────────────────────────▶
/// ```
enum ChannelLink: Hashable, Sendable {
    /// Asked for, and nothing known yet.
    case opening
    /// Redis has confirmed it: every frame comes.
    case standing
    /// Nothing comes.
    case down

    /// Takes a gap; returns whether subscribers may have missed something that they can find out now.
    ///
    /// While the link is down they can't: they would look at once, and miss what comes then.
    mutating func take(_ gap: RedisGap) -> Bool {
        let before = self
        switch gap {
        case .linkLost:
            self = .down
            return false
        case .subscribed:
            self = .standing
            // The first time nobody has begun to listen yet; a loss just before may have been left out of the queue.
            return before != .opening
        case .overflow:
            self = .standing
            return true
        }
    }

    /// Redis refused the channel, or the subscription ended.
    mutating func fail() {
        self = .down
    }
}
