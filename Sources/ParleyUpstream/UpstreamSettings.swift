/// Where an upstream listens, and whom it answers.
public struct UpstreamSettings: Sendable {
    /// The address to listen on.
    public var host: String
    /// The port; 0 takes a free one.
    public var port: Int
    /// The key that must be sent; none is asked for where there is none.
    public var apiKey: String?
    /// The models there are; any but `no-such-model` where none is named.
    public var models: [String]

    /// Makes settings.
    public init(host: String = "127.0.0.1", port: Int = 0, apiKey: String? = nil, models: [String] = []) {
        self.host = host
        self.port = port
        self.apiKey = apiKey
        self.models = models
    }

    /// Whether there is a model; those that ask for a fault always are.
    func knows(_ model: String) -> Bool {
        if model.hasPrefix(Armory.modelPrefix) { return true }
        return models.isEmpty ? model != "no-such-model" : models.contains(model)
    }
}
