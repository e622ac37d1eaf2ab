import Logging
import ParleyCore

extension ReplyRunner {
    /// Has a model find a better title for a conversation that this turn began, unless a person has given it one.
    ///
    /// Nothing depends on it: what goes wrong is logged, and the title stays.
    func improveTitle() async {
        guard let provider = ports.titles, turn.userMessage.seq == 1,
            turn.conversation.title.isExactly(MessageText.title(for: turn.userMessage.content))
        else { return }
        do {
            // A person may have titled it before or since, in the same words even: then nothing is sent at all.
            let present = try await ports.store.conversation(lease.conversationID, newestMessages: 1, as: identity)
            guard !present.conversation.hasGivenTitle else { return }
            let reply = try await ports.store.replyProgress(of: lease.messageID, after: -1, as: identity).message
            let title = try await TitleMaker(provider: provider, stopwatch: ports.stopwatch).title(
                question: turn.userMessage.content,
                answer: reply.content,
                model: options.model
            )
            guard let title else { return }
            _ = try await ports.store.improveTitle(title, of: lease.conversationID, as: identity)
        } catch {
            if Task.isCancelled { return }
            logger.info(
                "No better title was found",
                metadata: [LogKey.error: "\((error as? ParleyError)?.code ?? .internalError)"]
            )
        }
    }
}
