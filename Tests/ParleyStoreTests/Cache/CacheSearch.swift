/// Goes through every interleaving, the shortest first.
struct CacheSearch: Sendable {
    /// What was found.
    struct Outcome: Sendable {
        /// How many different states there are.
        var states = 0
        /// How many answers came out of the cache.
        var hits = 0
        /// The shortest way to an answer that must not be; empty where there is none.
        var trace: [String] = []
        var lie: CacheLie?
    }

    let model: CacheModel

    /// Looks for the shortest way to a lie, of a kind where one is given; goes through everything where there is none.
    func run(from start: CacheWorld, for kind: CacheLie? = nil) -> Outcome {
        var outcome = Outcome()
        var seen: Set<CacheWorld> = [start]
        var found: [(world: CacheWorld, parent: Int, label: String)] = [(start, -1, "")]
        var next = 0
        while next < found.count {
            for step in model.steps(from: found[next].world) {
                if step.isHit { outcome.hits += 1 }
                if let lie = step.lie, kind == nil || kind == lie {
                    outcome.lie = lie
                    outcome.trace = [step.label]
                    var place = next
                    while place > 0 {
                        outcome.trace.append(found[place].label)
                        place = found[place].parent
                    }
                    outcome.trace.reverse()
                    outcome.states = seen.count
                    return outcome
                }
                if step.lie == nil, seen.insert(step.world).inserted { found.append((step.world, next, step.label)) }
            }
            next += 1
        }
        outcome.states = seen.count
        return outcome
    }

    /// Goes one way, as far as it is open; returns the lie at its end, and how far it was open.
    func follow(_ trace: [String], from start: CacheWorld) -> (lie: CacheLie?, steps: Int) {
        var world = start
        for (count, label) in trace.enumerated() {
            guard let step = model.steps(from: world).first(where: { $0.label == label }) else { return (nil, count) }
            if let lie = step.lie { return (lie, count + 1) }
            world = step.world
        }
        return (nil, trace.count)
    }
}
