/// Short forms of a message's text.
public enum MessageText {
    /// The beginning of a text in one line, for a sidebar: at most ``Limits/previewLength`` characters, then `…`.
    ///
    /// Looks at the first ``previewSourceLength`` scalars of the text only, so that a store needs to read no more.
    public static func preview(of content: String) -> String? {
        let source = String.UnicodeScalarView(content.unicodeScalars.prefix(previewSourceLength))
        return oneLine(String(source), maximum: Limits.previewLength)
    }

    /// How much of a text counts for its preview, in Unicode scalars: what SQL's `substr` counts.
    public static let previewSourceLength = 4096

    /// The title that a conversation gets from its first message: the beginning of its first line, at most 60 characters.
    public static func title(for content: String) -> String {
        let firstLine = content.split(whereSeparator: \.isNewline).first { !$0.allSatisfy(\.isWhitespace) }
        return firstLine.flatMap { oneLine(String($0), maximum: 60) } ?? Conversation.defaultTitle
    }

    private static func oneLine(_ text: String, maximum: Int) -> String? {
        var line = ""
        var count = 0
        var pendingSpace = false
        for character in text {
            let isBlank =
                character.isWhitespace
                || character.unicodeScalars.allSatisfy {
                    $0.properties.generalCategory == .control
                }
            if isBlank {
                pendingSpace = !line.isEmpty
                continue
            }
            guard count + (pendingSpace ? 1 : 0) < maximum else { return line + "…" }
            if pendingSpace {
                line.append(" ")
                count += 1
                pendingSpace = false
            }
            line.append(character)
            count += 1
        }
        return line.isEmpty ? nil : line
    }
}
