/// Short forms of a message's text.
public enum MessageText {
    /// The beginning of a text in one line, for a sidebar: at most ``Limits/previewLength`` characters, then `…`.
    ///
    /// Looks at the first ``previewSourceLength`` scalars of the text only, so that a store needs to read no more.
    public static func preview(of content: String) -> String? {
        oneLine(beginning(of: content), maximum: Limits.previewLength, scalars: previewSourceLength)
    }

    /// How much of a text its short forms depend on, in Unicode scalars: what SQL's `substr` counts.
    public static let previewSourceLength = 4096

    /// The title that a conversation gets from its first message: the beginning of its first line, at most 60 characters.
    ///
    /// Always one that ``Rules/title(_:field:)`` lets pass; looks no further than a preview.
    public static func title(for content: String) -> String {
        let lines = beginning(of: content).split(whereSeparator: \.isNewline)
        let title = lines.lazy.compactMap { oneLine($0, maximum: 60, scalars: Limits.titleLength) }.first
        // A lone accent at the end becomes one character with the space before it.
        return title?.trimmed ?? Conversation.defaultTitle
    }

    private static func beginning(of text: String) -> Substring {
        Substring(text.unicodeScalars.prefix(previewSourceLength))
    }

    private static func oneLine(_ text: Substring, maximum: Int, scalars maximumScalars: Int) -> String? {
        if let line = oneASCIILine(text, maximum: maximum) { return line.isEmpty ? nil : line }
        var line = ""
        var count = 0
        var scalars = 0
        var pendingSpace = false
        for character in text {
            if isBlank(character) {
                pendingSpace = !line.isEmpty
                continue
            }
            let space = pendingSpace ? 1 : 0
            let length = character.unicodeScalars.count
            // A single character may be a tower of accents; with them, a title still keeps its own limit.
            guard count + space < maximum, scalars + space + length < maximumScalars else { return line + "…" }
            if pendingSpace { line.append(" ") }
            line.append(character)
            count += space + 1
            scalars += space + length
            pendingSpace = false
        }
        return line.isEmpty ? nil : line
    }

    /// The same for text that is ASCII as far as the line goes, without finding out where characters end; else `nil`.
    ///
    /// Cutting the previews of a list of 50 took most of its time otherwise.
    private static func oneASCIILine(_ text: Substring, maximum: Int) -> String? {
        var line: [UInt8] = []
        var pendingSpace = false
        for byte in text.utf8 {
            guard byte < 0x80 else { return nil }
            if byte <= 0x20 || byte == 0x7F {
                pendingSpace = !line.isEmpty
                continue
            }
            let space = pendingSpace ? 1 : 0
            guard line.count + space < maximum else { return String(decoding: line, as: UTF8.self) + "…" }
            if pendingSpace { line.append(0x20) }
            line.append(byte)
            pendingSpace = false
        }
        return String(decoding: line, as: UTF8.self)
    }

    private static func isBlank(_ character: Character) -> Bool {
        character.isWhitespace || character.unicodeScalars.allSatisfy { $0.properties.generalCategory == .control }
    }
}
