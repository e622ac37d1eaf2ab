/// What came of a scenario in which messages go from senders to sockets.
struct Deliveries: Sendable {
    var latencies = Latencies()
    var sent = 0
    var count = 0
    var lost = 0
    var doubled = 0
    /// The payload of the last one.
    var bytes = 0
    /// What ended it before its time.
    var failure: LoadFailure?

    /// Whether nothing is wrong with it.
    func check() throws {
        if let failure { throw failure }
        guard lost == 0, doubled == 0 else {
            throw LoadFailure.complaint("\(lost) were lost, \(doubled) came twice")
        }
    }
}

extension Line {
    mutating func set(_ deliveries: Deliveries, _ watch: ProcessWatch) {
        set(watch, per: "frame", count: deliveries.count)
        set("sent", deliveries.sent)
        set("deliveries", deliveries.count)
        set("per_second", Double(deliveries.count) / (watch.elapsed / .seconds(1)))
        set("bytes", deliveries.bytes)
        set(deliveries.latencies)
        set("lost", deliveries.lost)
        set("doubled", deliveries.doubled)
    }
}
