import Synchronization

/// Which models' servers don't know how to keep an answer to a schema: they are not asked to in vain again.
///
/// For as long as the process lives; a server that learns it is asked again after the next start.
final class SchemaMemory: Sendable {
    // A person can make up a model's name in every turn.
    private static let limit = 256

    private let models = Mutex<Set<String>>([])

    /// Whether a model has refused; none stands for the server's own choice.
    func hasRefused(_ model: String?) -> Bool {
        models.withLock { $0.contains(model ?? "") }
    }

    /// Remembers that a model has refused.
    func refused(_ model: String?) {
        models.withLock { models in
            if models.count >= Self.limit { models.removeAll() }
            models.insert(model ?? "")
        }
    }
}
