/// Where an identity provider's public keys come from.
public enum KeySetSource: Sendable {
    /// A file, by its path; it must be there at the start.
    case file(String)
    /// What the provider publishes; it need not be in reach at the start.
    case published(any KeySetFetcher)
}

/// Fetches a key set from where its provider publishes it.
///
/// A port, since ParleyAuth speaks no HTTP. Whoever asks bounds the time, by cancelling, and takes no longer answer than
/// ``Limits/keySetBytes`` for a key set.
public protocol KeySetFetcher: Sendable {
    /// The text as it is published, of which nothing is believed yet.
    func fetch() async throws -> [UInt8]
}
