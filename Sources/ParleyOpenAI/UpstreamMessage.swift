import ParleyCore

/// What a model's server says of its failures, made fit for a client.
enum UpstreamMessage {
    /// The longest text of a server's that is passed on, in characters.
    static let limit = 300
    /// The same, in bytes: a character can have any number of them.
    static let limitBytes = 1200

    /// "The model's server `verb`: …", with the message that `body` holds, if any: OpenAI's envelope or its inside, or the
    /// plainer ones of other servers.
    static func sentence(_ verb: String, _ body: JSON?) -> String {
        guard let text = body.flatMap(text(in:)).map(oneLine), !text.isEmpty else {
            return "The model's server \(verb)."
        }
        return "The model's server \(verb): \(text)"
    }

    private static func text(in body: JSON) -> String? {
        if let text = body.stringValue { return text }
        for name in ["error", "message", "detail"] {
            if let text = body[name].flatMap(text(in:)) { return text }
        }
        return nil
    }

    private static func oneLine(_ text: String) -> String {
        var line = ""
        for word in text.split(whereSeparator: { $0.isWhitespace || $0.isControl }) {
            line += line.isEmpty ? word : " " + word
            guard line.count <= limit, line.utf8.count <= limitBytes else {
                return String(line.prefix(limit)).prefix(utf8Bytes: limitBytes) + "…"
            }
        }
        return line
    }
}

extension Character {
    fileprivate var isControl: Bool {
        unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
    }
}
