/// The messages of some channels, with a ``RedisSubscriptionEvent/gap(_:)`` wherever some may be missing.
///
/// The queue is bounded: whoever is slow loses messages, and is told so. It ends when the subscriber is shut down or the
/// task is cancelled, and throws when Redis refuses the channels.
public struct RedisSubscription: AsyncSequence, Sendable {
    /// Takes the events.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let queue: SubscriptionQueue

        /// Takes the next event, waiting for one.
        public mutating func next() async throws(RedisError) -> RedisSubscriptionEvent? {
            try await queue.next()
        }

        /// Takes the next event, waiting for one.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(RedisError) -> RedisSubscriptionEvent? {
            try await queue.next()
        }
    }

    let queue: SubscriptionQueue

    /// Begins to take; several iterators share the events among them.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(queue: queue) }
}
