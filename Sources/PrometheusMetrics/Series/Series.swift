/// The name and the labels by which a series is found.
struct Place: Hashable, Sendable {
    let family: String
    let labels: String
}

/// What a counter, gauge, timer or recorder counts in.
protocol Series: AnyObject, Sendable {
    var place: Place { get }
}
