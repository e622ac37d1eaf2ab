import ParleyCore
import ParleyStore

extension CacheModel {
    func writerSteps(_ world: CacheWorld, _ index: Int) -> [Step] {
        let writer = world.writers[index]
        let name = "W\(index + 1)"
        if let write = writer.write {
            return deliver(write, by: name, in: world) { next in
                next.writers[index].write = nil
                next.acknowledged = max(next.acknowledged, writer.commits)
            }
        }
        guard let move = writer.program.first else { return [] }
        var next = world
        next.writers[index].program.removeFirst()
        guard let (effects, steps, elements) = commit(move, to: &next) else {
            return [Step(label: "\(name) is refused its \(move)", world: next)]
        }
        next.writers[index].commits = UInt8(next.truths.count - 1)
        switch LogUpdate(after: effects, steps: steps) {
        case .push(let before, let revision):
            next.writers[index].write = .push(
                before: UInt8(before.bits),
                revision: UInt8(revision),
                elements: elements
            )
        case .drop: next.writers[index].write = .drop
        case .nothing: next.acknowledged = max(next.acknowledged, next.writers[index].commits)
        }
        return [Step(label: "\(name) commits \(move)", world: next)]
    }

    /// Changes the truth; `nil` where it is not in a state for that.
    private func commit(
        _ move: CacheMove,
        to world: inout CacheWorld
    ) -> ([LogEffect], [LogStep], [CacheWorld.Element])? {
        var truth = world.present
        guard !truth.isDeleted else { return nil }
        let before = truth.tag
        world.nextName += 1
        let name = world.nextName
        var effects = [LogEffect.other]
        if move != .piece {
            truth.tag = name
            truth.revision += 1
        }
        switch move {
        case .append:
            truth.log.append(name)
            effects = [.appended(seq: truth.log.count, revision: Int(truth.revision))]
        case .edit: truth.log[truth.log.count - 1] = name
        case .delete: truth.isDeleted = true
        case .begin:
            guard !truth.isStreaming else { return nil }
            truth.isStreaming = true
            truth.log.append(name)
        case .piece:
            guard truth.isStreaming else { return nil }
            truth.log[truth.log.count - 1] = name
            // Nobody settles what has no change.
            effects = []
        case .finish:
            guard truth.isStreaming else { return nil }
            truth.isStreaming = false
        }
        world.truths.append(truth)
        guard case .appended(let seq, _) = effects.first else { return (effects, [], []) }
        let step = LogStep(before: LogTag(bits: UInt64(before)), after: LogTag(bits: UInt64(name)))
        let element = CacheWorld.Element(revision: truth.revision, tag: name, seq: UInt8(seq), content: name)
        return (effects, [step], [element])
    }
}
