import ParleyCore

/// Puts tool calls together from the fragments that a stream brings.
///
/// A fragment belongs to the call with its index. One without an index begins a new call where it brings an id, and else
/// belongs to the last; so does one whose index is taken by a call with another id, since some servers number all by 0.
/// Calls past the ``limit`` are left out.
struct ToolCallAssembly: Sendable {
    private struct Call {
        let index: Int?
        var id: String
        var name = ""
        var arguments: [UInt8] = []
        // Set when a call that was left out has taken the index.
        var hasLostIndex = false
    }

    /// How many calls an answer may ask for at once.
    static let limit = 32
    /// Ids, names and arguments of all calls together: what a message can keep of them.
    static let limitBytes = Limits.messageAttachmentBytes / 2

    private var calls: [Call] = []
    private var bytes = 0
    private var leftOutLast = false

    /// Whether there is nothing yet.
    var isEmpty: Bool { calls.isEmpty }

    /// Takes the fragments of one chunk.
    ///
    /// - Throws: ``ParleyError/Code/upstreamError`` where they are too long.
    mutating func add(_ fragments: [JSON]) throws(ParleyError) {
        for fragment in fragments {
            guard let place = place(of: fragment) else { continue }
            let function = fragment["function"]
            let name = function?["name"]?.stringValue ?? ""
            let arguments = Self.bytes(of: function?["arguments"])
            bytes += name.utf8.count + arguments.count + (calls[place].id.isEmpty ? 64 : 0)
            guard bytes <= Self.limitBytes else {
                throw ParleyError(.upstreamError, "The model's call of a tool is too long.")
            }
            // A name comes whole; some servers repeat it with each fragment.
            if calls[place].name.isEmpty { calls[place].name = name }
            calls[place].arguments += arguments
        }
    }

    /// The calls as a whole, in order; the assembly is empty afterwards.
    ///
    /// - Parameter newID: Makes an id for a call that came without one.
    /// - Returns: The calls; one without arguments has those of an empty object.
    /// - Throws: ``ParleyError/Code/upstreamError`` where a call names no tool.
    mutating func finish(newID: () -> String) throws(ParleyError) -> [ToolCall] {
        defer { self = ToolCallAssembly() }
        var whole: [ToolCall] = []
        for call in calls {
            guard !call.name.isEmpty else {
                throw ParleyError(.upstreamError, "The model asked for a tool without naming one.")
            }
            whole.append(
                ToolCall(
                    id: call.id.isEmpty ? newID() : call.id,
                    name: call.name,
                    // Fragments may cut a character in a server that counts bytes.
                    arguments: call.arguments.isEmpty ? "{}" : String(decoding: call.arguments, as: UTF8.self)
                )
            )
        }
        return whole
    }

    /// The call that a fragment belongs to, a new one if need be; `nil` where that one is left out.
    private mutating func place(of fragment: JSON) -> Int? {
        let index = fragment["index"]?.intValue
        let id = fragment["id"]?.stringValue ?? ""
        if index == nil, id.isEmpty, leftOutLast { return nil }
        let known =
            index == nil && id.isEmpty
            ? calls.indices.last
            : calls.lastIndex { call in
                guard let index else { return call.id == id }
                guard call.index == index else { return false }
                return id.isEmpty ? !call.hasLostIndex : call.id.isEmpty || call.id == id
            }
        leftOutLast = known == nil && calls.count >= Self.limit
        if let known {
            if calls[known].id.isEmpty { calls[known].id = id }
            return known
        }
        guard !leftOutLast else {
            if index != nil {
                for place in calls.indices where calls[place].index == index { calls[place].hasLostIndex = true }
            }
            return nil
        }
        calls.append(Call(index: index, id: id))
        return calls.count - 1
    }

    // Text by the standard; some servers send the object itself.
    private static func bytes(of arguments: JSON?) -> [UInt8] {
        switch arguments {
        case .string(let text): Array(text.utf8)
        case .object: arguments?.serialized ?? []
        default: []
        }
    }
}
