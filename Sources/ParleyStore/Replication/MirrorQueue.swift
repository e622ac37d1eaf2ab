internal import ParleyCore

/// The rules of what waits to be mirrored, without the mirror.
///
/// A name waits once, however often it is noted; one that is noted while it is worked on waits again. Where there are too many,
/// everything is due instead: nothing noted is ever forgotten.
struct MirrorQueue {
    /// A name to work on.
    struct Task: Hashable {
        let name: MirrorName
        /// Whether the conversation was deleted since: what may stand under its id now has another history.
        let isReplaced: Bool
    }

    private let capacity: Int
    private let width: Int
    private var order: [MirrorName] = []
    private var head = 0
    private var notedAt: [MirrorName: Timestamp] = [:]
    private var replaced: Set<MirrorName> = []
    private var running: Set<MirrorName> = []
    /// Conversations of which pieces of a reply have been written since they were mirrored.
    private var growing: Set<ConversationID> = []

    /// Holds at most `capacity` names, of which `width` are worked on at once.
    init(capacity: Int, width: Int) {
        self.capacity = capacity
        self.width = width
    }

    /// How many names wait or are worked on.
    var count: Int { notedAt.count + running.count }

    /// Since when the longest waiting name waits.
    var oldest: Timestamp? {
        // The order is that of noting, but for what was tried in vain.
        order[head...].lazy.compactMap { notedAt[$0] }.first
    }

    /// Notes that something has changed.
    mutating func note(_ name: MirrorName, isReplaced: Bool = false, at now: Timestamp) {
        if case .conversation(let id) = name { growing.remove(id) }
        // A comparison would not find out what was deleted: there is more room for that.
        let room = isReplaced ? 2 * capacity : capacity
        guard notedAt[name] != nil || notedAt.count < room || name == .everything else {
            return note(.everything, at: now)
        }
        if isReplaced { replaced.insert(name) }
        guard notedAt[name] == nil else { return }
        notedAt[name] = now
        order.append(name)
    }

    /// Notes that a reply has grown: that is mirrored with its end, or when the mirror ends before.
    mutating func noteGrowth(of id: ConversationID, at now: Timestamp) {
        guard notedAt[.conversation(id)] == nil else { return }
        guard growing.count < capacity else { return note(.conversation(id), at: now) }
        growing.insert(id)
    }

    /// Makes replies that have grown wait, too.
    mutating func noteGrown(at now: Timestamp) {
        for id in growing { note(.conversation(id), at: now) }
        growing = []
    }

    /// The next name to work on; none where none waits that isn't worked on, or enough are.
    mutating func take() -> Task? {
        guard running.count < width else { return nil }
        var passed: [MirrorName] = []
        defer { order.append(contentsOf: passed) }
        while head < order.count {
            let name = order[head]
            head += 1
            if head > 1024, head * 2 > order.count {
                order.removeFirst(head)
                head = 0
            }
            guard notedAt[name] != nil else { continue }
            guard !running.contains(name) else {
                passed.append(name)
                continue
            }
            notedAt[name] = nil
            running.insert(name)
            return Task(name: name, isReplaced: replaced.remove(name) != nil)
        }
        return nil
    }

    /// A name is done with; one that failed waits again.
    mutating func finish(_ task: Task, hasFailed: Bool, at now: Timestamp) {
        running.remove(task.name)
        if hasFailed { note(task.name, isReplaced: task.isReplaced, at: now) }
    }
}
