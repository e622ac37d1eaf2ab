import CoreMetrics
import Synchronization

/// A number that only rises; whole amounts cost one atomic addition.
///
/// A negative amount, or one that is not finite, is ignored: what falls is not a counter.
final class CounterSeries: Series, CounterHandler, FloatingPointCounterHandler {
    let place: Place
    private let whole = Atomic<Int>(0)
    private let part = Atomic<Double>(0)

    init(_ place: Place) {
        self.place = place
    }

    var value: Number {
        let (whole, part) = (whole.load(ordering: .relaxed), part.load(ordering: .relaxed))
        return part == 0 ? .integer(whole) : .real(Double(whole) + part)
    }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        whole.wrappingAdd(Int(amount), ordering: .relaxed)
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        part.add(amount)
    }

    func reset() {
        whole.store(0, ordering: .relaxed)
        part.store(0, ordering: .relaxed)
    }
}

extension Atomic where Value == Double {
    /// Adds, as often as it takes until nobody else has come between.
    func add(_ amount: Double) {
        var old = load(ordering: .relaxed)
        while true {
            let (isDone, now) = weakCompareExchange(expected: old, desired: old + amount, ordering: .relaxed)
            if isDone { return }
            old = now
        }
    }
}
