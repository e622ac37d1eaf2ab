/// The name and the labels by which a series is found.
struct Place: Hashable, Sendable {
    let family: String
    let labels: String
    /// The labels one by one, as whoever made the series named them.
    let dimensions: [String: String]

    init(family: String, labels: String, dimensions: [(String, String)]) {
        self.family = family
        self.labels = labels
        self.dimensions = Dictionary(dimensions) { first, _ in first }
    }
}

/// What a counter, gauge, timer or recorder counts in.
protocol Series: AnyObject, Sendable {
    var place: Place { get }
}
