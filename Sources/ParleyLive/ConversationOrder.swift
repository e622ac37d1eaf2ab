import ParleyCore

/// Brings a conversation's events in order: each revision once, none left out, and what came late or twice dropped.
///
/// Events come over a bus: two that were committed one after another may be published the other way round, one whose
/// instance died between its commit and its event never comes, and what was read from the store may come once more as an
/// event.
///
/// ```
///             take n                  take n + 1
///   unknown ─────────▶ inStep(…n) ◀──┐ is passed on
///      │ learn n           │   ▲ └───┘
///      └──────▶ inStep(n)  │   │ the missing ones come, or are filled in from the store
///                          │   │
///         take n + 2 or more, or learn n + 1 or more: something is missing
///                          ▼   │
///                   missing(…n, held)
/// ```
///
/// What has no revision (a piece, somebody's typing) keeps its place behind the changes before it.
struct ConversationOrder<Element> {
    /// Something that waits for what is before it.
    struct Held {
        let revision: Int?
        let element: Element
    }

    /// What is known.
    enum State {
        /// Nothing yet.
        case unknown
        /// Everything from `first` to `last` was passed on. What is before `first` is passed on as it comes.
        case inStep(first: Int, last: Int)
        /// The one behind `last` is missing, up to `until` or more; what came behind it waits.
        case missing(first: Int, last: Int, until: Int, held: [Held])
    }

    /// What to do.
    struct Step {
        /// To be passed on, in this order.
        var passed: [Element] = []
        /// Whether something is missing from now on: after a moment it is to be filled in from the store.
        var beginsToMiss = false
        /// Whether too much waits: it is to be filled in at once.
        var overflows = false
    }

    private let capacity: Int
    private(set) var state = State.unknown

    /// Makes an order that lets at most `capacity` elements wait.
    init(capacity: Int = Limits.heldEvents) {
        self.capacity = capacity
    }

    /// The last revision that was passed on without a gap before it.
    var last: Int? {
        switch state {
        case .unknown: nil
        case .inStep(_, let last), .missing(_, let last, _, _): last
        }
    }

    /// Whether something is missing.
    var isMissing: Bool {
        if case .missing = state { true } else { false }
    }

    /// Takes an element that came.
    mutating func take(_ element: Element, revision: Int?) -> Step {
        switch (state, revision) {
        case (.unknown, nil), (.inStep, nil): return Step(passed: [element])
        case (.unknown, let revision?):
            state = .inStep(first: revision, last: revision)
            return Step(passed: [element])
        case (.inStep(let first, let last), let revision?):
            if revision < first { return Step(passed: [element]) }
            if revision <= last { return Step() }
            if revision == last + 1 {
                state = .inStep(first: first, last: revision)
                return Step(passed: [element])
            }
            let held = [Held(revision: revision, element: element)]
            state = .missing(first: first, last: last, until: revision, held: held)
            return Step(beginsToMiss: true)
        case (.missing(let first, let last, let until, var held), let revision):
            if let revision {
                if revision < first { return Step(passed: [element]) }
                if revision <= last || held.contains(where: { $0.revision == revision }) { return Step() }
            }
            held.append(Held(revision: revision, element: element))
            guard held.count <= capacity else {
                state = .missing(first: first, last: last, until: max(until, revision ?? 0), held: held)
                return Step(overflows: true)
            }
            return settle(first: first, last: last, until: max(until, revision ?? 0), held: held)
        }
    }

    /// Takes note of the store's present revision.
    ///
    /// From now on the next one is expected; one that should have come is missing.
    mutating func learn(_ revision: Int) -> Step {
        switch state {
        case .unknown:
            state = .inStep(first: revision + 1, last: revision)
            return Step()
        case .inStep(let first, let last):
            guard revision > last else { return Step() }
            state = .missing(first: first, last: last, until: revision, held: [])
            return Step(beginsToMiss: true)
        case .missing(let first, let last, let until, let held):
            state = .missing(first: first, last: last, until: max(until, revision), held: held)
            return Step()
        }
    }

    /// Passes on what waits behind what was read from the store, which says all up to `revision`.
    mutating func filled(to revision: Int) -> Step {
        switch state {
        case .unknown: return Step()
        case .inStep(let first, let last):
            state = .inStep(first: first, last: max(last, revision))
            return Step()
        case .missing(let first, let last, let until, let held):
            return settle(first: first, last: max(last, revision), until: until, held: held)
        }
    }

    /// Passes on what waits, whatever is missing, and forgets what it knew: the clients must be told.
    mutating func giveUp() -> [Element] {
        defer { state = .unknown }
        guard case .missing(_, _, _, let held) = state else { return [] }
        return Self.sorted(held).map(\.element)
    }

    /// Passes on what follows `last` without a gap.
    private mutating func settle(first: Int, last: Int, until: Int, held: [Held]) -> Step {
        var step = Step()
        var last = last
        var waiting: [Held] = []
        // What has no revision waits while anything with one that came before it does.
        for item in Self.sorted(held) {
            switch item.revision {
            case nil where waiting.isEmpty: step.passed.append(item.element)
            case let revision? where revision <= last: continue
            case let revision? where revision == last + 1:
                last = revision
                step.passed.append(item.element)
            default: waiting.append(item)
            }
        }
        if waiting.isEmpty, last >= until {
            state = .inStep(first: first, last: last)
        } else {
            state = .missing(first: first, last: last, until: until, held: waiting)
        }
        return step
    }

    /// By revision; what has none stays behind what it came behind.
    private static func sorted(_ held: [Held]) -> [Held] {
        var place = 0
        let placed = held.enumerated().map { offset, item in
            place = max(place, item.revision ?? 0)
            return (revision: item.revision ?? place, isLoose: item.revision == nil, offset: offset, item: item)
        }
        return placed.sorted {
            ($0.revision, $0.isLoose ? 1 : 0, $0.offset) < ($1.revision, $1.isLoose ? 1 : 0, $1.offset)
        }
        .map(\.item)
    }
}

extension ConversationOrder: Sendable where Element: Sendable {}
extension ConversationOrder.Held: Sendable where Element: Sendable {}
extension ConversationOrder.State: Sendable where Element: Sendable {}
extension ConversationOrder.Step: Sendable where Element: Sendable {}
