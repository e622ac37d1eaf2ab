internal import ParleyCore

/// Who, by the word of an imported file, wrote and reacted, beside the one who imported it.
///
/// Anybody can write a file. So nobody but the importer is made an author by one: what it says of others is kept in the
/// metadata, where it is shown as nobody's doing, and goes into the next export as it came.
struct ImportedPeople {
    static let name = "imported_people"

    private(set) var owner: EmailAddress?
    private(set) var author: EmailAddress?
    private var importer: EmailAddress?
    private var reactions: [Reaction] = []
    private var versions: [EmailAddress?] = []

    /// Reads what was kept.
    init(_ metadata: JSONObject) {
        guard let kept = metadata[Self.name] else { return }
        owner = EmailAddress(json: kept["owner"])
        author = EmailAddress(json: kept["author"])
        importer = EmailAddress(json: kept["importer"])
        reactions = (kept["reactions"]?.arrayValue ?? []).compactMap(Reaction.init(line:))
        versions = (kept["versions"]?.arrayValue ?? []).map(EmailAddress.init(json:))
    }

    /// Takes what a file says of a message, beside the importer's own doing.
    init(
        importer: EmailAddress,
        author: EmailAddress? = nil,
        owner: EmailAddress? = nil,
        reactions: [Reaction] = [],
        versions: [EmailAddress?] = []
    ) {
        self.importer = importer
        self.author = author == importer ? nil : author
        self.owner = owner == importer ? nil : owner
        self.reactions = reactions.contains { $0.users != [importer] } ? reactions : []
        self.versions = versions.contains { $0 != nil && $0 != importer } ? versions : []
    }

    /// What is to be kept; none where nobody else is named.
    var value: JSON? {
        guard author != nil || owner != nil || !reactions.isEmpty || !versions.isEmpty else { return nil }
        var kept = JSONObject()
        kept["importer"] = importer.map { .string($0.value) }
        kept["owner"] = owner.map { .string($0.value) }
        kept["author"] = author.map { .string($0.value) }
        if !reactions.isEmpty {
            kept["reactions"] = .array(
                reactions.map { reaction in
                    ["emoji": .string(reaction.emoji), "users": .array(reaction.users.map { .string($0.value) })]
                }
            )
        }
        if !versions.isEmpty { kept["versions"] = .array(versions.map { $0.map { .string($0.value) } ?? .null }) }
        return .object(kept)
    }

    /// Who wrote a version, by the word of the file.
    func versionAuthor(_ index: Int) -> EmailAddress? {
        versions.indices.contains(index) ? versions[index] : nil
    }

    /// The reactions of the file, in their order, as far as those of the importer are still there; and those that came since.
    func reactions(with present: [Reaction]) -> [Reaction] {
        guard !reactions.isEmpty else { return present }
        var result = reactions
        if let importer {
            for reaction in reactions where reaction.users.contains(importer) {
                let isThere = present.contains { $0.emoji.isExactly(reaction.emoji) && $0.users.contains(importer) }
                if !isThere { _ = result.set(reaction.emoji, present: false, of: importer) }
            }
        }
        for reaction in present {
            for user in reaction.users { _ = result.set(reaction.emoji, present: true, of: user) }
        }
        return result
    }

    /// Metadata without what is kept here.
    static func without(_ metadata: JSONObject) -> JSONObject {
        var metadata = metadata
        metadata[name] = nil
        return metadata
    }
}

extension EmailAddress {
    init?(json: JSON?) {
        guard let text = json?.stringValue else { return nil }
        self.init(text)
    }
}

extension Reaction {
    /// Reads a reaction; `nil` where that can't be.
    init?(line json: JSON) {
        guard let emoji = json["emoji"]?.stringValue, let users = json["users"]?.arrayValue else { return nil }
        let addresses = users.compactMap { EmailAddress(json: $0) }
        guard !addresses.isEmpty, addresses.count == users.count else { return nil }
        self.init(emoji: emoji, users: addresses)
    }
}
