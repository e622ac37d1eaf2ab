public import ParleyCore
import Synchronization

/// Makes ids that count up, so that a test can foresee them and read them.
///
/// They have the form of UUID version 7, are smaller than every id made by ``ParleyCore/UUIDv7Maker``, and rise.
public final class SequentialIDs: IDMaker {
    private let count: Mutex<UInt64>
    private let high: UInt64

    /// Makes a maker whose ids differ from those of a maker with another `series`; ids of a higher series are larger.
    public init(series: UInt16 = 0) {
        high = UInt64(series) << 16 | 0x7000
        count = Mutex(0)
    }

    /// The next id.
    public func make<Entity>() -> ID<Entity> {
        let low = count.withLock { count in
            count += 1
            return count
        }
        return ID(high: high, low: 0x8000_0000_0000_0000 | low)
    }
}
