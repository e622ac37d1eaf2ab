/// What may be chosen for a turn.
public struct ChatChoices: Hashable, Sendable {
    /// The models, by name.
    public var models: [String]
    /// The model that answers where none is chosen, if it is known.
    public var defaultModel: String?
    /// The filters, each with what it may be.
    public var filters: [FilterChoice]

    /// Makes choices; by default there are none.
    public init(models: [String] = [], defaultModel: String? = nil, filters: [FilterChoice] = []) {
        self.models = models
        self.defaultModel = defaultModel
        self.filters = filters
    }
}

/// A filter, and the values it can have: a member of a turn's `filters`.
public struct FilterChoice: Hashable, Sendable {
    /// Its name.
    public let name: String
    /// What it may be.
    public let values: [String]

    /// Makes a choice.
    public init(name: String, values: [String]) {
        self.name = name
        self.values = values
    }
}
