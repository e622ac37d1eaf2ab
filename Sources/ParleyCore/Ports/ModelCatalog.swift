/// Knows which models can be asked.
public protocol ModelCatalog: Sendable {
    /// The models by name, in the order in which they are shown; none twice.
    ///
    /// A ``ParleyError`` with code `upstreamError` where it can't be found out.
    func models() async throws -> [String]
}
