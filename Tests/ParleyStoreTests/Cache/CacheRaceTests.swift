import ParleyStore
import Testing

/// The races that the protocol was made against, each kept as its shortest way.
///
/// They are found where nothing, or only the revision, is compared, and the last where a reply is not heeded. With the rules
/// as they are the same way leads nowhere, and no other does.
@Suite("The cache survives")
struct CacheRaceTests {
    /// A race, the ground it needs, and its shortest way.
    struct Race: Sendable, CustomTestStringConvertible {
        let name: String
        let lie: CacheLie
        var sameness = EntryRule.Sameness.nothing
        var heedsReplies = true
        var pushMakesLists = false
        let start: CacheWorld
        let trace: [String]

        var testDescription: String { name }
        /// The same way where every reader checks.
        var guardedTrace: [String] {
            trace.filter { !$0.hasSuffix(" checks") }.flatMap { label in
                label.hasSuffix(" begins") ? [label, "\(label.prefix(2)) checks"] : [label]
            }
        }
        var unguarded: CacheModel {
            CacheModel(sameness: sameness, heedsReplies: heedsReplies, pushMakesLists: pushMakesLists)
        }
    }

    static let races = [
        Race(
            name: "Truncation: the first push into nothing makes a list of one",
            lie: .gap,
            pushMakesLists: true,
            start: .with(writers: [[.append]], isCached: false),
            trace: [
                "W1 commits append", "W1 pushes", "R1 begins", "R1 looks",
            ]
        ),
        Race(
            name: "Swap: two pushes arrive in the other order",
            lie: .gap,
            start: .with(writers: [[.append], [.append]]),
            trace: [
                "W1 commits append", "W2 commits append", "W2 pushes", "R1 begins", "R1 looks",
            ]
        ),
        Race(
            name: "Double push: a fill holds already what is pushed after it",
            lie: .double,
            start: .with(writers: [[.append]], readers: 2, isCached: false),
            trace: [
                "W1 commits append", "R1 begins", "R1 looks", "R1 reads", "R1 fills", "W1 pushes", "R2 begins",
                "R2 looks",
            ]
        ),
        Race(
            name: "Stale fill: a fill brings what was read before a write",
            lie: .stale,
            start: .with(writers: [[.append]], readers: 2, isCached: false),
            trace: [
                "R1 begins", "R1 looks", "R1 reads", "W1 commits append", "W1 pushes", "R1 fills", "R2 begins",
                "R2 looks",
            ]
        ),
        Race(
            name: "Zombie: a fill brings back what was deleted",
            lie: .zombie,
            start: .with(writers: [[.delete]], readers: 2, isCached: false),
            trace: [
                "R1 begins", "R1 looks", "R1 reads", "W1 commits delete", "W1 drops", "R1 fills", "R2 begins",
                "R2 looks",
            ]
        ),
        Race(
            name: "Partition: a push is lost",
            lie: .stale,
            start: .with(writers: [[.append]], faults: CacheFaults(lost: 1)),
            trace: [
                "W1 commits append", "W1 loses its push", "R1 begins", "R1 looks",
            ]
        ),
        Race(
            name: "Edits: a fill brings the text before an edit",
            lie: .stale,
            start: .with(writers: [[.edit]], readers: 2, isCached: false),
            trace: [
                "R1 begins", "R1 looks", "R1 reads", "W1 commits edit", "W1 drops", "R1 fills", "R2 begins",
                "R2 looks",
            ]
        ),
        Race(
            name: "Rewind: a revision comes a second time, for something else",
            lie: .wrong,
            sameness: .revision,
            start: .with(writers: [[.append], [.append]], faults: CacheFaults(rewound: 1)),
            trace: [
                "W1 commits append", "W1 pushes", "the truth goes back to 0", "W2 commits append", "R1 begins",
                "R1 checks", "R1 looks",
            ]
        ),
        Race(
            name: "Growing reply: its pieces leave the tag as it is",
            lie: .stale,
            sameness: .tag,
            heedsReplies: false,
            start: .with(writers: [[.begin, .piece]], readers: 2, isCached: false),
            trace: [
                "W1 commits begin", "W1 drops", "R1 begins", "R1 checks", "R1 looks", "R1 reads", "W1 commits piece",
                "R1 fills", "R2 begins", "R2 checks", "R2 looks",
            ]
        ),
    ]

    @Test("a race's shortest way is a lie where its guard is missing", arguments: races)
    func isFound(_ race: Race) {
        let outcome = CacheSearch(model: race.unguarded).run(from: race.start, for: race.lie)
        #expect(outcome.trace == race.trace)
        #expect(CacheSearch(model: race.unguarded).follow(race.trace, from: race.start).lie == race.lie)
    }

    @Test("a race: with the tag it is none", arguments: races)
    func isSurvived(_ race: Race) {
        let guarded = CacheSearch(model: CacheModel())
        let way = race.guardedTrace
        let followed = guarded.follow(way, from: race.start)
        #expect(followed.lie == nil)
        // Of a reply that is written nothing is kept, so there the way ends before the fill.
        #expect(followed.steps == way.count || !race.heedsReplies)
        let outcome = guarded.run(from: race.start)
        #expect(outcome.lie == nil, "\(outcome.trace)")
    }

    @Test("without rewinds, the revision would do", arguments: races.filter { $0.sameness == .nothing })
    func revisionAlone(_ race: Race) {
        let outcome = CacheSearch(model: CacheModel(sameness: .revision)).run(from: race.start)
        #expect(outcome.lie == nil, "\(outcome.trace)")
    }

    /// Grounds on which everything that may go wrong together does.
    static let grounds: [(String, CacheWorld)] = [
        (
            "two writers who append, two readers",
            .with(
                writers: [[.append], [.append]],
                readers: 2,
                faults: CacheFaults(lost: 1, late: 1)
            )
        ),
        (
            "an edit and an append, a reader who comes twice",
            .with(
                writers: [[.append, .append], [.edit]],
                readsEach: 2,
                faults: CacheFaults(lost: 1, late: 1, evicted: 1)
            )
        ),
        (
            "a deletion under way",
            .with(writers: [[.append], [.delete]], readers: 2, faults: CacheFaults(lost: 1, late: 2, evicted: 1))
        ),
        (
            "a truth that goes back",
            .with(
                writers: [[.append], [.append]],
                readsEach: 2,
                faults: CacheFaults(late: 1, rewound: 2)
            )
        ),
        (
            "a reply that is written",
            .with(
                writers: [[.begin, .piece, .finish], [.append]],
                readsEach: 2,
                faults: CacheFaults(lost: 1, late: 1)
            )
        ),
    ]

    @Test("every interleaving on these grounds", arguments: grounds)
    func everything(_ name: String, _ start: CacheWorld) {
        let outcome = CacheSearch(model: CacheModel()).run(from: start)
        #expect(outcome.lie == nil, "\(name): \(outcome.trace)")
        // A search that goes nowhere, or where nothing is ever found in the cache, would prove nothing.
        #expect(outcome.states > 1000, "\(name)")
        #expect(outcome.hits > 100, "\(name)")
    }
}

extension CacheWorld {
    /// A conversation of two messages, in the cache or not.
    static func with(
        writers: [[CacheMove]],
        readers: Int = 1,
        readsEach: UInt8 = 1,
        isCached: Bool = true,
        faults: CacheFaults = CacheFaults()
    ) -> CacheWorld {
        let truth = Truth(tag: 2, revision: 3, log: [1, 2])
        let entry = [
            Element(revision: 3, tag: 2, seq: 2, content: 2), Element(revision: 2, tag: 1, seq: 1, content: 1),
        ]
        return CacheWorld(
            truths: [truth],
            entry: isCached ? entry : [],
            writers: writers.map { Writer(program: $0) },
            readers: (0..<readers).map { _ in Reader(readsLeft: readsEach) },
            acknowledged: 0,
            nextName: 2,
            faults: faults
        )
    }
}
