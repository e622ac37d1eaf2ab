import ParleyStore
import ParleyTesting
import Testing

@Suite("Questions that go together")
struct BatchQueueTests {
    private static let maximumOutstanding = 2
    private static let maximumBatch = 3

    private enum Event: CaseIterable {
        case ask
        case giveUp
        case comesBack
        case comesBackUnanswered
    }

    /// The queue, and who is on the way with which batch; by name, in the order of asking.
    private struct Ground: Hashable {
        var waiting: [Int] = []
        var underWay: [[Int]] = []
        var nextName = 0
    }

    /// Every state with up to eight askers, and every event in it.
    @Test("whoever asks leaves once, in order, with whom waited too, and never with a batch that has left")
    func everyStateAndEvent() {
        var seen: Set<Ground> = [Ground()]
        var open: [(BatchQueue<Int>, Ground)] = [
            (BatchQueue(maximumOutstanding: Self.maximumOutstanding, maximumBatch: Self.maximumBatch), Ground())
        ]
        while let (queue, ground) = open.popLast() {
            #expect(queue.waiting == ground.waiting)
            #expect(queue.outstanding == ground.underWay.count)
            #expect(queue.isIdle == (ground.waiting.isEmpty && ground.underWay.isEmpty))
            // Nobody waits while a batch may leave.
            #expect(ground.waiting.isEmpty || ground.underWay.count == Self.maximumOutstanding)
            for event in Event.allCases {
                guard let (queue, ground) = Self.after(event, queue, ground) else { continue }
                if seen.insert(ground).inserted { open.append((queue, ground)) }
            }
        }
        #expect(seen.count > 200)
    }

    /// What comes of an event, told twice: by the queue, and by what is to be.
    private static func after(
        _ event: Event,
        _ queue: BatchQueue<Int>,
        _ ground: Ground
    ) -> (BatchQueue<Int>, Ground)? {
        var (queue, ground) = (queue, ground)
        switch event {
        case .ask:
            guard ground.nextName < 8 else { return nil }
            let name = ground.nextName
            ground.nextName += 1
            let leaves = ground.underWay.count < maximumOutstanding
            #expect(queue.leaveAlone() == leaves)
            if leaves {
                ground.underWay.append([name])
            } else {
                queue.wait(name)
                ground.waiting.append(name)
            }
        case .giveUp:
            guard ground.waiting.count > 1 else { return nil }
            queue.giveUp(ground.waiting.remove(at: 1))
        case .comesBack, .comesBackUnanswered:
            guard !ground.underWay.isEmpty else { return nil }
            let batch = ground.underWay.removeFirst()
            let others = event == .comesBack ? [] : Array(batch.dropFirst())
            ground.waiting = others + ground.waiting
            let expected = Array(ground.waiting.prefix(maximumBatch))
            ground.waiting.removeFirst(expected.count)
            if !expected.isEmpty { ground.underWay.append(expected) }
            let next = event == .comesBack ? queue.cameBack() : queue.cameBackUnanswered(others)
            #expect(next == expected)
        }
        return (queue, ground)
    }
}
