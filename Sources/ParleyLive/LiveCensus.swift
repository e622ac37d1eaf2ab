/// How many connections an instance has.
public struct LiveCensus: Hashable, Sendable {
    /// WebSockets.
    public let sockets: Int
    /// Streams of events.
    public let streams: Int
    /// People who have at least one of them.
    public let people: Int

    /// Makes a census.
    public init(sockets: Int, streams: Int, people: Int) {
        self.sockets = sockets
        self.streams = streams
        self.people = people
    }
}
