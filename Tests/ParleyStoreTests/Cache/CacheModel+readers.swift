import ParleyCore
import ParleyStore

extension CacheModel {
    func readerSteps(_ world: CacheWorld, _ index: Int) -> [Step] {
        let reader = world.readers[index]
        let name = "R\(index + 1)"
        switch reader.phase {
        case .idle:
            guard reader.readsLeft > 0 else { return [] }
            var next = world
            next.readers[index].readsLeft -= 1
            next.readers[index].floor = floor(in: world)
            // The seed's protocol asked no version.
            let truth: UInt8? = rule.sameness == .nothing ? UInt8(world.truths.count - 1) : nil
            next.readers[index].phase = .asking(truth: truth, entry: nil)
            return [Step(label: "\(name) begins", world: next)]
        case .asking(let truth, let entry):
            var steps: [Step] = []
            if truth == nil {
                let present = UInt8(world.truths.count - 1)
                steps.append(asked(world, index, "\(name) checks", truth: present, entry: entry))
            }
            if entry == nil {
                steps.append(asked(world, index, "\(name) looks", truth: truth, entry: world.entry))
            }
            return steps
        case .reading:
            var next = world
            next.readers[index].phase = .idle
            if let version = world.present.version, case let newest = newest(of: world.present),
                rule.mayKeep(messages: newest.count, of: version)
            {
                let elements = newest.enumerated().map { offset, content in
                    CacheWorld.Element(
                        revision: world.present.revision,
                        tag: world.present.tag,
                        seq: UInt8(world.present.log.count - offset),
                        content: content
                    )
                }
                next.readers[index].phase = .filling(.fill(tag: world.present.tag, elements: elements))
            }
            return [Step(label: "\(name) reads", world: next)]
        case .filling(let write):
            return deliver(write, by: name, in: world) { $0.readers[index].phase = .idle }
        }
    }

    /// One of the two answers that a reader waits for has come; with both it goes on.
    private func asked(
        _ world: CacheWorld,
        _ index: Int,
        _ label: String,
        truth: UInt8?,
        entry: [CacheWorld.Element]?
    ) -> Step {
        var next = world
        guard let truth, let entry else {
            next.readers[index].phase = .asking(truth: truth, entry: entry)
            return Step(label: label, world: next)
        }
        next.readers[index].phase = .idle
        guard let version = world.truths[Int(truth)].version ?? unchecked(world) else {
            return Step(label: label, world: next)
        }
        guard rule.verdict(on: entry.map(\.header), against: version) == .usable else {
            next.readers[index].phase = .reading
            return Step(label: label, world: next)
        }
        let lie = lie(in: entry, shownTo: world.readers[index], in: world)
        return Step(label: label, world: next, lie: lie, isHit: true)
    }

    /// Where nobody checks, a deleted conversation is found like any other.
    private func unchecked(_ world: CacheWorld) -> LogVersion? {
        guard rule.sameness == .nothing else { return nil }
        return LogVersion(tag: LogTag(bits: 0), revision: 0, messageCount: 0, isStreaming: false)
    }

    /// The first truth that a read beginning now may show: with the tag the present one, else the last acknowledged.
    private func floor(in world: CacheWorld) -> UInt8 {
        rule.sameness == .tag ? UInt8(world.truths.count - 1) : world.acknowledged
    }

    private func newest(of truth: CacheWorld.Truth) -> [UInt8] { truth.log.suffix(rule.limit).reversed() }

    /// What is wrong with an answer: it must be what the truth was at some time of the read.
    private func lie(
        in entry: [CacheWorld.Element],
        shownTo reader: CacheWorld.Reader,
        in world: CacheWorld
    ) -> CacheLie? {
        let contents = entry.map(\.content)
        let allowed = world.truths[Int(reader.floor)...]
        if allowed.contains(where: { !$0.isDeleted && newest(of: $0) == contents }) { return nil }
        if allowed.allSatisfy(\.isDeleted) { return .zombie }
        let seqs = entry.map(\.seq)
        if Set(seqs).count < seqs.count { return .double }
        if seqs.indices.contains(where: { seqs[$0] + UInt8($0) != seqs[0] }) { return .gap }
        let isPart = allowed.contains { $0.log.count > contents.count && $0.log.reversed().starts(with: contents) }
        if isPart, contents.count < rule.limit { return .gap }
        return world.truths.contains { newest(of: $0) == contents } && !wasRewound(world) ? .stale : .wrong
    }

    private func wasRewound(_ world: CacheWorld) -> Bool {
        zip(world.truths, world.truths.dropFirst()).contains { $0.revision > $1.revision }
    }
}
