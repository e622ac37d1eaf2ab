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
///      └──────▶ inStep(n)  │   │ the missing ones come, are filled in from the store,
///                          │   │ or too much waits for them: given up
///         take n + 2 or more, or learn n + 1 or more: something is missing
///                          ▼   │
///                   missing(…n, held)
/// ```
///
/// What has no revision (a piece of a reply) keeps its place behind all changes that were known of when it came.
struct ConversationOrder<Element> {
    /// Something that waits for what is before it.
    struct Held {
        /// Its own revision; of what has none, the one it waits for.
        let place: Int
        /// Whether it has no revision.
        let isLoose: Bool
        let element: Element
    }

    /// What is known.
    enum State {
        /// Nothing yet.
        case unknown
        /// Everything from `first` to `last` was passed on. What is before `first` is passed on as it comes.
        case inStep(first: Int, last: Int)
        /// The one behind `last` is missing, and all are known to be there up to `until`; what came behind it waits.
        case missing(first: Int, last: Int, until: Int, held: [Held])
    }

    /// What to do.
    struct Step {
        /// To be passed on, in this order.
        var passed: [Element] = []
        /// Whether something is missing from now on: after a moment it is to be filled in from the store.
        var beginsToMiss = false
        /// Whether too much waited, and was passed on without what it waited for: the clients are to be told.
        var gaveUp = false
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

    /// What is missing: what follows the first revision, up to the second or more.
    var missing: (since: Int, until: Int)? {
        if case .missing(_, let last, let until, _) = state { (last, until) } else { nil }
    }

    /// Whether everything behind a revision is passed on in order, and once.
    func isInOrder(behind revision: Int) -> Bool {
        switch state {
        case .unknown: false
        case .inStep(let first, _), .missing(let first, _, _, _): first <= revision + 1
        }
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
            let held = [Held(place: revision, isLoose: false, element: element)]
            state = .missing(first: first, last: last, until: revision, held: held)
            return Step(beginsToMiss: true)
        case (.missing(let first, let last, var until, var held), let revision):
            if let revision {
                if revision < first { return Step(passed: [element]) }
                if revision <= last { return Step() }
                if held.contains(where: { $0.place == revision && !$0.isLoose }) { return Step() }
            }
            until = max(until, revision ?? 0)
            held.append(Held(place: revision ?? until, isLoose: revision == nil, element: element))
            let step = settle(first: first, last: last, until: until, held: held)
            guard case .missing(_, _, _, let waiting) = state, waiting.count > capacity else { return step }
            // What is still missing is passed on as it comes.
            state = .inStep(first: until + 1, last: until)
            return Step(passed: step.passed + waiting.map(\.element), gaveUp: true)
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
        for item in Self.sorted(held) {
            if item.isLoose, item.place <= last {
                step.passed.append(item.element)
            } else if !item.isLoose, item.place == last + 1 {
                last = item.place
                step.passed.append(item.element)
            } else if item.place > last {
                waiting.append(item)
            }
        }
        if last >= until {
            state = .inStep(first: first, last: last)
        } else {
            state = .missing(first: first, last: last, until: until, held: waiting)
        }
        return step
    }

    /// By place; what has no revision stands behind the change of its place, in the order in which it came.
    private static func sorted(_ held: [Held]) -> [Held] {
        held.enumerated().sorted { one, other in
            (one.element.place, one.element.isLoose ? 1 : 0, one.offset)
                < (other.element.place, other.element.isLoose ? 1 : 0, other.offset)
        }
        .map(\.element)
    }
}

extension ConversationOrder: Sendable where Element: Sendable {}
extension ConversationOrder.Held: Sendable where Element: Sendable {}
extension ConversationOrder.State: Sendable where Element: Sendable {}
extension ConversationOrder.Step: Sendable where Element: Sendable {}
