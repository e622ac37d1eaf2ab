/// What a piece of code is, as far as colours tell.
enum TokenKind: Hashable {
    case keyword, string, comment, number, name, meta, inserted, deleted

    /// The tag that a piece begins with.
    var opening: StaticString {
        switch self {
        case .keyword: "<span class=\"hl-k\">"
        case .string: "<span class=\"hl-s\">"
        case .comment: "<span class=\"hl-c\">"
        case .number: "<span class=\"hl-n\">"
        case .name: "<span class=\"hl-t\">"
        case .meta: "<span class=\"hl-m\">"
        case .inserted: "<span class=\"hl-i\">"
        case .deleted: "<span class=\"hl-d\">"
        }
    }
}
