/// Takes the passwords out of what is shown.
enum PasswordMask {
    private static let mask = "***"

    /// A URL whose password is hidden: the one before the host and those behind the `?`.
    ///
    /// What can't be read as a URL is hidden all but its scheme: nobody knows where its password stands.
    static func mask(_ url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url.contains("@") ? mask : url }
        let rest = url[scheme.upperBound...]
        let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        var authority = rest[..<authorityEnd]
        var tail = rest[authorityEnd...]
        // A reserved character in a password that nobody has encoded: some programs take it all the same.
        if tail.contains("@") { return String(url[..<scheme.upperBound]) + mask }
        if let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") {
            authority = authority[...colon] + mask + authority[at...]
        }
        if let question = tail.firstIndex(of: "?") {
            let pairs = tail[tail.index(after: question)...].split(separator: "&", omittingEmptySubsequences: false)
            let masked = pairs.map { pair in
                guard let equals = pair.firstIndex(of: "="), pair[..<equals].contains("password") else { return pair }
                return pair[...equals] + mask
            }
            tail = tail[...question] + masked.joined(separator: "&")
        }
        return String(url[..<scheme.upperBound]) + authority + tail
    }
}

extension SettingKey {
    /// A value as it may be shown.
    func shown(_ value: String) -> String {
        switch secrecy {
        case .none: value
        case .password: PasswordMask.mask(value)
        case .whole: "(set)"
        }
    }
}
