internal import ParleyCore

/// Makes a plan of a browser's storage: sessions become conversations, and each record has its line in the account.
struct LocalStorageImport {
    private typealias Record = (item: Int, message: LegacyMessage)

    private let importer: EmailAddress
    private let ids: DerivedIDs
    private let now: Timestamp
    private var plan = ImportPlan()
    /// The lists of `chat_messages_…`, in the order of the keys.
    private var sessionRecords: [(id: String, records: [Record])] = []
    /// The list of `chat-messages`.
    private var shownRecords: [Record] = []
    private var current: (item: Int, session: LegacySession, records: [Record])?
    private var passages: [(item: Int, passage: JSON)] = []

    init(importer: EmailAddress, home: ProjectID, now: Timestamp) {
        self.importer = importer
        self.now = now
        ids = DerivedIDs(into: home, from: "localstorage")
    }

    /// The plan of a source.
    ///
    /// It takes as long as the source is large, and asks nobody. Ids are made of the id of the importer's personal project,
    /// `home`, and what things were known by: the same source read again plans the same, and another person's import makes
    /// copies of their own. A source that can't be read at all is ``ParleyError/Code/invalidRequest``, one that holds too much
    /// ``ParleyError/Code/payloadTooLarge``.
    static func plan(
        _ source: [UInt8],
        importer: EmailAddress,
        home: ProjectID,
        now: Timestamp
    ) throws(ParleyError) -> ImportPlan {
        var reading = LocalStorageImport(importer: importer, home: home, now: now)
        return try reading.plan(try LocalStorageDump(parsing: source))
    }

    /// The plan of a dump.
    mutating func plan(_ dump: LocalStorageDump) throws(ParleyError) -> ImportPlan {
        for member in dump.members {
            do {
                try read(member)
            } catch {
                _ = plan.note(member.name, nil, .quarantined, error.reason)
            }
            guard plan.items.count <= Limits.importRecords else {
                throw ParleyError(.payloadTooLarge, "The dump holds more than \(Limits.importRecords) records.")
            }
        }
        putTogether()
        return plan
    }

    private mutating func read(_ member: JSONObject.Member) throws(Unfit) {
        let key = member.name
        let kind = LocalStorageDump.Kind(key)
        if kind == .other {
            _ = plan.note(key, nil, .leftAlone, .notMessageData)
            return
        }
        if case .sessionMessages(let id) = kind, !Self.namesSession(id) { throw Unfit(.noSession) }
        let value = try LocalStorageDump.content(of: member.value)
        guard value != .null, value.arrayValue?.isEmpty != true else {
            _ = plan.note(key, nil, .leftAlone, .empty)
            return
        }
        if kind == .session {
            let session = try LegacySession(value, now: now)
            let item = plan.note(key, nil, .imported)
            current = (item, session, read(session.messages, under: key))
            return
        }
        guard case .array(let elements) = value else { throw Unfit(.notAnArray) }
        switch kind {
        case .messages: shownRecords = read(elements, under: key)
        case .sessionMessages(let id): sessionRecords.append((id, read(elements, under: key)))
        case .contexts: readPassages(elements, under: key)
        case .session, .other: break
        }
    }

    /// Whether a key's end is a session's id: programs without one wrote the word for nothing.
    private static func namesSession(_ id: String) -> Bool {
        1...256 ~= id.utf8.count && id.isStorable && !["undefined", "null", "[object Object]"].contains(id)
    }

    private mutating func read(_ elements: [JSON], under key: String) -> [Record] {
        var records: [Record] = []
        for (index, element) in elements.enumerated() {
            do {
                let message = try LegacyMessage(element, under: key, importer: importer, now: now)
                // Until the store has been asked.
                records.append((plan.note(key, index, .imported), message))
            } catch {
                _ = plan.note(key, index, .quarantined, error.reason)
            }
        }
        return records
    }

    private mutating func readPassages(_ elements: [JSON], under key: String) {
        for (index, element) in elements.enumerated() {
            guard let passage = JSON(legacyPassage: element) else {
                _ = plan.note(key, index, .quarantined, .notAPassage)
                continue
            }
            guard passage.isStorable else {
                _ = plan.note(key, index, .quarantined, .holdsNUL)
                continue
            }
            passages.append((plan.note(key, index, .imported), passage))
        }
    }
}

extension LocalStorageImport {
    /// Brings together what belongs to one session.
    private mutating func putTogether() {
        var logs: [LegacyLog] = []
        for (id, records) in sessionRecords {
            var log = LegacyLog(["session", id], ids: ids)
            log.merge(records)
            logs.append(log)
        }
        var place: Int?
        if let current {
            let session = ["session", current.session.id]
            if !logs.contains(where: { $0.session == session }) { logs.append(LegacyLog(session, ids: ids)) }
            place = logs.firstIndex { $0.session == session }
            if let place { logs[place].merge(current.records) }
        }
        var shown: [Int] = []
        if !shownRecords.isEmpty {
            let home = place ?? self.home(of: shownRecords, among: logs) ?? logs.count
            if home == logs.count { logs.append(LegacyLog(["chat-messages"], ids: ids)) }
            shown = logs[home].merge(shownRecords)
            place = home
        }
        plan.entries = logs.map { log in
            let isCurrent = current.map { ["session", $0.session.id] == log.session } == true
            let id = log.session.count == 2 ? log.session[1] : nil
            var entry = log.entry(isCurrent ? current?.session : nil, named: id, ids: ids, now: now)
            if isCurrent { entry.sessionItem = current?.item }
            return entry
        }
        for item in plan.entries.flatMap({ $0.repetitions.map(\.item) }) { plan.items[item].outcome = .merged }
        attachPassages(at: place, shown: shown, in: place.map { logs[$0] })
        // A list of which nothing could be read makes no conversation, unless a session is known.
        plan.entries.removeAll { $0.conversation.messages.isEmpty && $0.sessionItem == nil }
    }

    /// The session that all of the messages on screen stand in, in their order.
    private func home(of records: [Record], among logs: [LegacyLog]) -> Int? {
        let keys = records.map(\.message.input.contentKey)
        return logs.firstIndex { log in
            // A shorter one can't hold all; so all together take no longer than the dump is long.
            log.order.count >= keys.count && InOrderMatch.places(of: keys, in: log.keys).allSatisfy { $0 != nil }
        }
    }

    /// Puts passages beside the last answer on screen, else beside the session's last.
    private mutating func attachPassages(at place: Int?, shown: [Int], in log: LegacyLog?) {
        guard !passages.isEmpty else { return }
        let answer = log.flatMap { log in
            let isAnswer = { (entry: Int) in log.entries[entry].message.input.role == .assistant }
            return (shown.last(where: isAnswer) ?? log.order.last(where: isAnswer)).flatMap(log.place)
        }
        guard let place, let answer else { return putAsidePassages(.noAnswer) }
        var input = plan.entries[place].conversation.messages[answer].input
        input.contexts = passages.map(\.passage)
        do { try Rules.message(input) } catch { return putAsidePassages(.tooLarge) }
        plan.entries[place].conversation.messages[answer].input = input
        plan.entries[place].passages = (passages.map(\.item), answer)
    }

    private mutating func putAsidePassages(_ reason: ImportReason) {
        for (item, _) in passages {
            plan.items[item].outcome = .quarantined
            plan.items[item].reason = reason
        }
    }
}

extension JSON {
    /// A passage as Parley shows it: with `title` and `text`, whatever else it has; `nil` for what is none.
    fileprivate init?(legacyPassage value: JSON) {
        switch value {
        case .string(let text): self = ["title": "", "text": .string(text)]
        case .object(var object):
            guard object.members.count <= LegacyMessage.maximumMembers else { return nil }
            if object["text"]?.stringValue == nil {
                let name = ["content", "page_content", "passage"].first { object[$0]?.stringValue != nil }
                guard let name, let text = object[name] else { return nil }
                object[name] = nil
                object["text"] = text
            }
            if object["title"]?.stringValue == nil {
                object["title"] = object["source"]?.stringValue.map(JSON.string) ?? ""
            }
            self = .object(object)
        default: return nil
        }
    }
}
