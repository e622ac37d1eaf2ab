import ParleyCore
import ParleyStore
import ParleyTesting
import Synchronization

/// A store whose commits are handed out, and so told, after a while that is now shorter and now longer: others overtake.
struct UnevenStore: WrappingStore {
    let wrapped: any ConversationStore
    private let random: Source

    final class Source: Sendable {
        private let random: Mutex<SplitMix64>
        init(seed: UInt64) { random = Mutex(SplitMix64(seed: seed)) }
        func next(_ count: Int) -> Int { random.withLock { $0.place(in: count) } }
    }

    init(_ base: any ConversationStore, seed: UInt64) {
        wrapped = base
        random = Source(seed: seed)
    }

    func settled<Value: Sendable>(_ commit: Commit<Value>) async -> Commit<Value> {
        for _ in 0..<random.next(20) { await Task.yield() }
        return commit
    }
}
