internal import CLibPQ

extension PostgresSettings {
    /// Whether the URL is one that libpq can read; nothing is connected.
    ///
    /// - Returns: What is wrong with it, without anything that may be a password; `nil` where it is right.
    public func flawOfURL() -> String? {
        var reason: UnsafeMutablePointer<CChar>?
        if let options = PQconninfoParse(url, &reason) {
            PQconninfoFree(options)
            return nil
        }
        defer { PQfreemem(reason) }
        guard let reason else { return "it can't be read" }
        let text = String(cString: reason).split(whereSeparator: \.isNewline).joined(separator: " ")
        // Some of its complaints quote all of the URL.
        return text.contains("://") || text.contains("@") ? "it can't be read" : text
    }
}
