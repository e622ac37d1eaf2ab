internal import ParleyCore

extension MigrationAccount {
    /// The account for people to read.
    public var table: String {
        var lines = ["\(keys) keys hold \(found) records:"]
        let names: [(ImportItemOutcome, String)] = [
            (.imported, "imported"), (.alreadyThere, "already there"),
            (.merged, "merged (say what another record says)"),
            (.leftAlone, "left alone (nothing that was said)"), (.quarantined, "quarantined (see the reasons)"),
        ]
        for (outcome, name) in names { lines.append(Self.row(name, count(of: outcome))) }
        lines.append(Self.row(accounted == found ? "all" : "ACCOUNTED FOR, WHICH IS NOT ALL", accounted))
        lines.append("")
        lines.append("\(conversations) conversations with \(messages) messages:")
        for project in projects {
            let name = project.name.isEmpty ? MigrationDecision.withoutProject : project.name
            lines.append(
                "  project \(Self.plain(name)): \(project.conversations) conversations, \(project.messages) messages"
            )
            let authors = project.authors.sorted().map(\.value)
            let shown = authors.prefix(Self.sampleCount).joined(separator: ", ")
            let more = authors.count > Self.sampleCount ? " and \(authors.count - Self.sampleCount) more" : ""
            lines.append("    written by \(authors.isEmpty ? "nobody who is known" : shown + more)")
            if project.unnamed > 0 {
                lines.append("    \(project.unnamed) messages of people name no e-mail address, and get no author")
            }
            if project.estimatedTimes > 0 {
                lines.append("    \(project.estimatedTimes) messages have no time, and stand by their neighbours")
            }
        }
        if renamedSessions > 0 {
            lines.append("  \(renamedSessions) sessions get a new id; the old one is in metadata.legacy_session_id")
        }
        if !samples.isEmpty { lines += ["", "Some of them:"] }
        for sample in samples { lines.append("  \(Self.plain(sample.title)) (\(sample.messages) messages)") }
        if !types.isEmpty { lines += ["", "Types of memory:"] }
        for (type, counts) in types.sorted(by: { $0.key < $1.key }) {
            let parts = counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
            lines.append("  \(Self.plain(type)): \(parts.joined(separator: ", "))")
        }
        if !reasons.isEmpty { lines += ["", "Reasons:"] }
        for (reason, entry) in reasons.sorted(by: { $0.key < $1.key }) {
            lines.append("  \(reason): \(entry.count), such as")
            for sample in entry.samples { lines.append("    \(Self.plain(sample))") }
        }
        if readAgain > 0 { lines += ["", "\(readAgain) keys changed meanwhile, and were read again."] }
        if unsettled > 0 {
            lines += ["\(unsettled) sessions still change: run this again when nothing writes to them."]
        }
        return lines.joined(separator: "\n")
    }

    private static func row(_ name: String, _ count: Int) -> String {
        let number = String(count)
        return "  " + String(repeating: " ", count: max(0, 9 - number.count)) + number + "  " + name
    }

    /// A text that does nothing to a terminal.
    static func plain(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(200).map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate: "\u{FFFD}"
                    default: scalar
                    }
                }
            )
        )
    }
}
