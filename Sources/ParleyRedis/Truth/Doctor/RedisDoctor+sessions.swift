internal import ParleyCore
internal import RedisWire

extension RedisDoctor {
    /// How many messages are looked at at once.
    static let messagesAtOnce = 32
    /// How often a conversation is looked at again because somebody wrote to it meanwhile.
    private static let looks = 5

    /// Looks at a conversation, and mends it.
    func examine(
        _ id: ConversationID,
        in project: ProjectID,
        _ texts: inout IndexedTexts,
        _ report: inout DoctorReport
    ) async throws {
        let place = TruthKeys.project(project) + TruthKeys.session(in: id)
        var finding = try await look(at: id, in: project)
        report.conversations += 1
        report.messages += finding.count
        guard !finding.isPassing else {
            texts += finding.texts
            return
        }
        if finding.record == nil {
            report.note(finding.isReadable ? .recordMissing : .unreadable, at: place)
            if repairs, finding.isReadable {
                let before = finding
                try await mending(&report) { try await makeRecord(of: id, in: project, before) }
                finding = try await look(at: id, in: project)
            }
        }
        if repairs, finding.record != nil, finding.hasOddEntries || !finding.misnumbered.isEmpty {
            report.note(.messageMisnumbered, at: place, count: finding.misnumbered.count)
            // What is no message's id, or stands there twice, goes first: places are counted without it.
            try await mending(&report) { try await relist(id, in: project) }
            finding = try await look(at: id, in: project)
        }
        texts += finding.texts
        guard let record = finding.record else { return }
        if !finding.isListed { report.note(.recordUnlisted, at: place) }
        if finding.score != record.fields.updatedAt { report.note(.orderWrong, at: place) }
        let isCountWrong = record.fields.messageCount != finding.count || record.fields.revision < finding.revision
        if isCountWrong { report.note(.countWrong, at: place) }
        if record.running != nil, !finding.hasLease { report.note(.unfinished, at: place) }
        report.note(.messageMissing, at: place, count: finding.missing.count)
        report.note(.unreadable, at: place, count: finding.unreadable.count)
        if !repairs { report.note(.messageMisnumbered, at: place, count: finding.misnumbered.count) }
        report.note(.placeMissing, at: place, count: finding.unplaced.count)
        report.note(.notIndexed, at: place, count: finding.unindexed.count + (finding.isTitleUnindexed ? 1 : 0))
        try await examineWay(to: id, in: project, &report)
        guard repairs else { return }
        try await mending(&report) {
            try await mend(id, in: project, record, finding, isCountWrong: isCountWrong)
        }
    }

    /// Looks until nobody has written to it meanwhile.
    func look(at id: ConversationID, in project: ProjectID) async throws -> SessionFinding {
        var finding = SessionFinding()
        for _ in 0..<Self.looks {
            finding = try await lookOnce(at: id, in: project)
            guard let tag = finding.record?.tag else { break }
            let present = try await store.send(["HGET", key(id, project), "tag"]).string
            if present == tag.stored { break }
        }
        return finding
    }

    private func lookOnce(at id: ConversationID, in project: ProjectID) async throws -> SessionFinding {
        var finding = SessionFinding()
        let answer = try await store.run(DoctorScripts.session, in: project, ["\(id)"])
        guard answer.count == 7 else { throw UnreadableRecord(what: "answer") }
        finding.count = Int(answer[1].integer ?? 0)
        finding.score = answer[2].double.map { Timestamp(microseconds: Int64($0)) }
        finding.isListed = answer[3].integer == 1
        finding.hasLease = !answer[5].isNull
        guard answer[0].elements.count > 0 else {
            // Also one that has gone since it was listed.
            finding.isPassing = answer[4].integer != 0 || answer[6].integer == 1 || !finding.isListed
            finding.texts.isComplete = finding.count == 0
            return finding
        }
        finding.record = try? SessionRecord(id, in: project, answer[0])
        finding.isReadable = finding.record != nil
        finding.texts.isComplete = finding.isReadable
        guard let record = finding.record else { return finding }
        for start in stride(from: 0, to: finding.count, by: Self.messagesAtOnce) {
            try await lookAtMessages(start, of: record.fields, &finding)
        }
        if Set(finding.missing.map(\.id)).count < finding.missing.count { finding.hasOddEntries = true }
        let title = TermIndex.terms(of: record.fields.title)
        finding.texts.terms += Self.count(title)
        let wrong = try await store.run(
            DoctorScripts.indexed,
            in: project,
            ["\(id)", 0, .string(TermIndex.titleMark), .string(title)]
        )
        finding.isTitleUnindexed = (wrong.first?.elements.count ?? 0) > 0
        return finding
    }

    /// Looks at some messages of a log.
    func lookAtMessages(
        _ start: Int,
        of conversation: Conversation,
        _ finding: inout SessionFinding
    ) async throws {
        let (id, project) = (conversation.id, conversation.projectID)
        let arguments: [RedisArgument] = ["\(id)", .integer(start), .integer(start + Self.messagesAtOnce - 1)]
        let parts = try await store.run(DoctorScripts.messages, in: project, arguments).first.map { Array($0.elements) }
        var texts: [SessionFinding.Text] = []
        for (offset, at) in stride(from: 0, to: (parts?.count ?? 0) - 2, by: 3).enumerated() {
            guard let parts, let mid = parts[at].string else { continue }
            var place = SessionFinding.Place(index: start + offset, id: mid)
            if MessageID(mid) == nil { finding.hasOddEntries = true }
            if parts[at + 2].integer == 0, MessageID(mid) != nil { finding.unplaced.append(place) }
            let value = parts[at + 1].withText { Array($0) }
            guard !value.isEmpty else {
                finding.missing.append(place)
                continue
            }
            place.value = value
            guard let message = MessageID(mid), let entry = try? LogEntry(value, message, in: conversation) else {
                finding.unreadable.append(place)
                finding.texts.isComplete = false
                continue
            }
            if finding.first == nil { finding.first = entry.message }
            if let last = finding.last, entry.message.createdAt < last.createdAt { finding.isUnordered = true }
            finding.last = entry.message
            finding.revision = max(finding.revision, entry.message.revision)
            let behind = max(0, place.index + 1 - finding.revisions.count)
            finding.revisions += repeatElement(0, count: behind)
            finding.revisions[place.index] = entry.message.revision
            if entry.message.status == .streaming { finding.running = (message, entry.fence) }
            finding.texts.terms += Self.count(entry.terms)
            guard entry.message.seq == place.index + 1 else {
                finding.misnumbered.append(place)
                continue
            }
            texts.append(.init(place: place, terms: entry.terms, createdAt: entry.message.createdAt))
        }
        let wrong = try await store.run(
            DoctorScripts.indexed,
            in: project,
            ["\(id)"] + texts.flatMap { [.integer($0.place.index + 1), "", .string($0.terms)] }
        )
        let seqs = Set(wrong.first?.elements.compactMap { $0.integer.map { Int($0) } } ?? [])
        finding.unindexed += texts.filter { seqs.contains($0.place.index + 1) }
    }

    private static func count(_ terms: String) -> Int {
        terms.utf8.count { $0 == UInt8(ascii: " ") } + (terms.isEmpty ? 0 : 1)
    }

    private func key(_ id: ConversationID, _ project: ProjectID) -> RedisArgument {
        .string(TruthKeys.project(project) + TruthKeys.session(in: id))
    }

    private func examineWay(to id: ConversationID, in project: ProjectID, _ report: inout DoctorReport) async throws {
        let place = try await store.place(of: id)
        if let place, place.project == project || place.target != nil { return }
        let way = TruthKeys.session(id)
        if let place, try await store.send(["EXISTS", key(id, place.project)]).integer == 1 {
            report.note(.twofold, at: way)
            return
        }
        guard try await store.send(["EXISTS", key(id, project)]).integer == 1 else { return }
        report.note(.wayWrong, at: way)
        guard repairs else { return }
        if let place {
            _ = try await store.exchange(id, place.text, for: "\(project)")
        } else {
            // Also where it holds what is no project's id.
            _ = try await store.send(["SET", .string(way), "\(project)"])
        }
        // It may have been deleted or moved meanwhile: then whoever did so found nothing to take away.
        guard try await store.send(["EXISTS", key(id, project)]).integer == 0 else { return }
        try await store.forgetSession(id, of: project)
    }
}
