import ParleyCore

/// The arguments of a call, as a model wrote them: each is checked when it is asked for.
struct ToolArguments: Hashable, Sendable {
    private let object: JSONObject

    /// Reads arguments; none at all count as an empty object.
    ///
    /// - Throws: ``ParleyError/Code/invalidRequest`` in words that a model can learn from.
    init(parsing text: String) throws(ParleyError) {
        guard text.utf8.count <= Limits.toolArgumentBytes else {
            throw .invalid("arguments", "The arguments are longer than \(Limits.toolArgumentBytes) bytes.")
        }
        guard text.contains(where: { !$0.isWhitespace }) else {
            object = JSONObject()
            return
        }
        let value: JSON
        do throws(JSONSyntaxError) {
            value = try JSON(parsing: Array(text.utf8))
        } catch {
            throw .invalid("arguments", "The arguments are not JSON: \(error.reason) at byte \(error.offset).")
        }
        guard case .object(let object) = value else {
            throw .invalid("arguments", "The arguments must be a JSON object.")
        }
        self.object = object
    }

    /// A text that must be there.
    func text(_ name: String) throws(ParleyError) -> String {
        guard let text = object[name]?.stringValue else { throw .invalid(name, "\(name) is required: a string.") }
        return text
    }

    /// A whole number; `nil` where there is none.
    func integer(_ name: String) throws(ParleyError) -> Int? {
        switch object[name] {
        case nil, .null: return nil
        case let value?:
            guard let number = value.intValue ?? value.doubleValue.flatMap({ Int(exactly: $0) }) else {
                throw .invalid(name, "\(name) must be a whole number.")
            }
            return number
        }
    }
}
