public import ParleyCore

/// How a turn is to be answered.
public struct TurnOptions: Hashable, Sendable {
    /// The model that was asked for; none means that of the project's persona, else the provider's own choice.
    public var model: String?
    /// For the provider, untouched.
    public var filters: JSON?
    /// Whether the model may look things up in the caller's conversations before it answers.
    public var usesTools: Bool

    /// Makes options.
    public init(model: String? = nil, filters: JSON? = nil, usesTools: Bool = false) {
        self.model = model
        self.filters = filters
        self.usesTools = usesTools
    }
}
