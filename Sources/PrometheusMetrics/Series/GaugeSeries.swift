import CoreMetrics
import Synchronization

/// A number that goes up and down: a meter, or a recorder that keeps the last value only.
final class GaugeSeries: Series, MeterHandler, RecorderHandler {
    let place: Place
    private let number = Atomic<Double>(0)

    init(_ place: Place) {
        self.place = place
    }

    var value: Number { .real(number.load(ordering: .relaxed)) }

    func set(_ value: Int64) { number.store(Double(value), ordering: .relaxed) }
    func set(_ value: Double) { number.store(value, ordering: .relaxed) }
    func record(_ value: Int64) { set(value) }
    func record(_ value: Double) { set(value) }
    func increment(by amount: Double) { number.add(amount) }
    func decrement(by amount: Double) { number.add(-amount) }
}
