internal import ParleyCore

/// What the other texts of a message had beside them, which a version has no field for.
///
/// It is kept in the message's metadata, as `imported.versions`: for each version of which something is known, its number,
/// from 1 on, and model, tokens, passages, failure and the rest. What has no room is named in the `left_out` of its version; where
/// there is none even for that, `versions` stands in the message's own.
struct ForeignVersions {
    private var kept: [JSON] = []
    private var bytes: Int
    private var isCut = false

    /// Three quarters of what metadata may take, with what the message itself has.
    private static let maximumBytes = Limits.metadataBytes / 4 * 3
    /// Room for the names around the list, and for noting that it is cut.
    private static let frameBytes = 64
    /// Levels of lists and objects around a value.
    private static let maximumDepth = Limits.metadataDepth - 8

    init(of message: ImportedMessage) {
        bytes = JSON.object(message.input.metadata).serialized.count + Self.frameBytes
    }

    /// Keeps what is known of the message whose text is this version.
    mutating func add(_ message: ForeignMessage, version: Int) {
        var record: JSONObject = ["version": .number(JSONNumber(version))]
        var left: [JSON] = []
        // Room for the names of what has none.
        var size = 64
        var isKnown = false
        for (name, value) in Self.details(of: message) {
            let more = value.serialized.count + name.utf8.count + 4
            if bytes + size + more <= Self.maximumBytes, value.levels <= Self.maximumDepth, value.isStorable {
                record[name] = value
                size += more
            } else {
                left.append(.string(String(name.prefix(64)).storable))
            }
            // By its id alone nobody misses anything.
            isKnown = isKnown || name != "id"
        }
        guard isKnown else { return }
        if !left.isEmpty {
            let own = record["left_out"]?.arrayValue ?? []
            record["left_out"] = .array(own + left)
        }
        let total = JSON.object(record).serialized.count + 1
        guard bytes + total <= Self.maximumBytes else {
            isCut = true
            return
        }
        bytes += total
        kept.append(.object(record))
    }

    /// Puts it into the message's metadata.
    func keep(in message: inout ImportedMessage) {
        guard !kept.isEmpty || isCut, var imported = message.input.metadata["imported"]?.objectValue else { return }
        if !kept.isEmpty { imported["versions"] = .array(kept) }
        if isCut { imported["left_out"] = .array((imported["left_out"]?.arrayValue ?? []) + ["versions"]) }
        message.input.metadata["imported"] = .object(imported)
    }

    /// What is most telling comes first.
    private static func details(of message: ForeignMessage) -> [(String, JSON)] {
        var details: [(String, JSON)] = []
        let imported = message.input.metadata["imported"]?.objectValue ?? JSONObject()
        if let id = imported["id"] { details.append(("id", id)) }
        if message.status != .delivered { details.append(("status", .string(message.status.rawValue))) }
        if let model = message.input.model { details.append(("model", .string(model))) }
        if let tokens = message.tokensUsed {
            details.append(
                (
                    "tokens_used",
                    [
                        "prompt": .number(JSONNumber(tokens.prompt)),
                        "completion": .number(JSONNumber(tokens.completion)),
                    ]
                )
            )
        }
        if let latency = message.latencyMilliseconds { details.append(("latency_ms", .number(JSONNumber(latency)))) }
        // That a time was made up says nothing that is missed.
        let said: Set = ["id", "source", "time"]
        details += imported.members.filter { !said.contains($0.name) }.map { ($0.name, $0.value) }
        if let passages = message.input.contexts { details.append(("contexts", .array(passages))) }
        return details
    }
}
