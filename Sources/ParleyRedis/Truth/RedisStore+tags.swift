public import ParleyCore
internal import RedisWire

extension RedisStore: VersionedStore {
    /// The present versions of several logs, each with its reader's access checked, in the order of the questions.
    public func logVersions(_ questions: [LogQuestion]) async throws -> [LogVersion?] {
        let now = clock.now()
        return try await forEach(questions) { [self] question in
            do {
                return try await inProject(of: question.conversationID, for: .read) { project in
                    let arguments: [RedisArgument] = [
                        .string(question.reader.value), .integer(now.microseconds), "\(question.conversationID)",
                    ]
                    let answer = try await run(TruthScripts.version, in: project, arguments)
                    guard answer.count == 4, let tag = answer[0].string.flatMap(LogTag.init(text:)),
                        let revision = answer[1].integer, let count = answer[2].integer
                    else { return nil }
                    return LogVersion(
                        tag: tag,
                        revision: Int(revision),
                        messageCount: Int(count),
                        isStreaming: answer[3].integer == 1
                    )
                }
            } catch let error as ParleyError where error.code == .notFound {
                return nil
            }
        }
    }

    /// The newest messages, oldest first, and the version they are of, from one snapshot.
    public func newestMessagesWithVersion(
        in conversation: ConversationID,
        limit: Int,
        as identity: Identity
    ) async throws -> (page: MessagePage, version: LogVersion) {
        let view = try await view(conversation, .newest(limit), as: identity)
        let version = LogVersion(
            tag: view.session.tag,
            revision: view.session.fields.revision,
            messageCount: view.session.fields.messageCount,
            isStreaming: view.session.running != nil
        )
        return (view.page(.newest, limit: limit), version)
    }
}

extension TruthScripts {
    /// The present version of a log.
    ///
    /// ARGV: address, now, session. Returns `ok`, tag, revision, count, 1 where a reply is being written.
    static let version = script(
        """
        local why = refusal(ARGV[1], 'read', ARGV[3], ARGV[2])
        if why then return { why } end
        local fields = redis.call('HMGET', session(ARGV[3]), 'tag', 'revision', 'message_count', 'running')
        return { 'ok', fields[1], fields[2], fields[3], fields[4] and 1 or 0 }
        """
    )
}
