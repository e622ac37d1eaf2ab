import ParleyCore
import ParleyStore
import ParleyTesting

/// The rules by which a ``CacheWorld`` goes on: those of production, ``EntryRule`` and ``LogUpdate``, and the scripts' twin.
struct CacheModel: Sendable {
    /// What may happen next.
    struct Step: Sendable {
        let label: String
        let world: CacheWorld
        var lie: CacheLie?
        /// Whether a reader was answered out of the cache.
        var isHit = false
    }

    let rule: EntryRule
    private let scripts: LogCacheTwin<CacheWorld.Element>

    init(
        limit: Int = 3,
        sameness: EntryRule.Sameness = .tag,
        heedsReplies: Bool = true,
        pushMakesLists: Bool = true
    ) {
        rule = EntryRule(limit: limit, sameness: sameness, heedsReplies: heedsReplies)
        scripts = LogCacheTwin(limit: limit, sameness: sameness, pushMakesLists: pushMakesLists) {
            ($0.header.revision, $0.header.tag)
        }
    }

    /// Everything that may happen next, in an order that is always the same.
    func steps(from world: CacheWorld) -> [Step] {
        var steps: [Step] = []
        for index in world.writers.indices { steps += writerSteps(world, index) }
        for index in world.readers.indices { steps += readerSteps(world, index) }
        for (index, write) in world.late.enumerated() where !world.late[..<index].contains(write) {
            var next = world
            next.late.remove(at: index)
            apply(write, to: &next)
            steps.append(Step(label: "late \(write.name) arrives", world: next))
        }
        if world.faults.evicted > 0, !world.entry.isEmpty {
            var next = world
            next.faults.evicted -= 1
            next.entry = []
            steps.append(Step(label: "the entry is evicted", world: next))
        }
        if world.faults.rewound > 0 {
            for (index, truth) in world.truths.dropLast().enumerated() {
                var next = world
                next.faults.rewound -= 1
                next.truths.append(truth)
                next.acknowledged = UInt8(next.truths.count - 1)
                steps.append(Step(label: "the truth goes back to \(index)", world: next))
            }
        }
        return steps
    }

    func apply(_ write: CacheWorld.CacheWrite, to world: inout CacheWorld) {
        switch write {
        case .drop: world.entry = []
        case .push(let before, let revision, let elements):
            let tag = LogTag(bits: UInt64(before))
            scripts.push(elements, before: tag, revision: Int(revision), to: &world.entry)
        case .fill(let tag, let elements):
            scripts.fill(elements, tag: LogTag(bits: UInt64(tag)), to: &world.entry)
        }
    }

    /// A write to the cache succeeds, is lost, or is given up; then `done` goes on.
    func deliver(
        _ write: CacheWorld.CacheWrite,
        by name: String,
        in world: CacheWorld,
        _ done: (inout CacheWorld) -> Void
    ) -> [Step] {
        var steps: [Step] = []
        func step(_ label: String, _ change: (inout CacheWorld) -> Void) {
            var next = world
            change(&next)
            done(&next)
            steps.append(Step(label: "\(name) \(label)", world: next))
        }
        step("\(write.verb)") { apply(write, to: &$0) }
        if world.faults.lost > 0 {
            step("loses its \(write.name)") { $0.faults.lost -= 1 }
        }
        if world.faults.late > 0 {
            step("gives up its \(write.name)") { next in
                next.faults.late -= 1
                next.late.append(write)
            }
        }
        return steps
    }
}

extension CacheWorld.CacheWrite {
    var name: String {
        switch self {
        case .push: "push"
        case .fill: "fill"
        case .drop: "drop"
        }
    }

    var verb: String {
        switch self {
        case .push: "pushes"
        case .fill: "fills"
        case .drop: "drops"
        }
    }
}
