import ParleyCore

/// Something that a model may call, with what happens then.
struct Tool: Sendable {
    /// What the model is told of it.
    let definition: ToolDefinition
    /// Does what the arguments say, and returns the answer for the model.
    ///
    /// Throws a ``ParleyError``; one that is the caller's to mend is told to the model in its own words.
    let run: @Sendable (ToolArguments) async throws -> JSON
}
