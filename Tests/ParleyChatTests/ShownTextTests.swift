import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyChat

@Suite("What a follower from the beginning has been shown")
struct ShownTextTests {
    private func message(_ content: String, _ status: MessageStatus = .delivered) -> Message {
        Message(
            id: MessageID(high: 1, low: 1),
            conversationID: ConversationID(high: 2, low: 2),
            projectID: ProjectID(high: 3, low: 3),
            seq: 2,
            revision: 4,
            role: .assistant,
            content: content,
            status: status,
            createdAt: .example,
            updatedAt: .example
        )
    }

    private func delta(_ index: Int, _ text: String) -> Event {
        let message = message("")
        return Event(
            projectID: message.projectID,
            conversationID: message.conversationID,
            kind: .delta(ReplyDelta(messageID: message.id, index: index, text: text)),
            timestamp: .example
        )
    }

    @Test("What was not shown as pieces is one more piece, cut where the last one ended")
    func rest() {
        var shown = ShownText()
        shown.add(delta(0, "Ça "))
        shown.add(delta(1, "va 👩🏽"))
        let rest = shown.rest(of: message("Ça va 👩🏽‍🚀 e\u{301}!"))
        #expect(rest?.index == 2)
        #expect(rest.map { Array($0.text.utf8) } == Array("\u{200D}🚀 e\u{301}!".utf8))
    }

    @Test("Of a reply that ended before anything could be shown, the rest is the whole")
    func nothingShown() {
        #expect(ShownText().rest(of: message("all"))?.text == "all")
        #expect(ShownText().rest(of: message("all"))?.index == 0)
    }

    @Test("There is no rest of what is shown, running, deleted or empty")
    func noRest() {
        var shown = ShownText()
        #expect(shown.rest(of: message("")) == nil)
        #expect(shown.rest(of: message("some", .streaming)) == nil)
        #expect(shown.rest(of: message("", .deleted)) == nil)
        shown.add(delta(0, "some"))
        #expect(shown.rest(of: message("some")) == nil)
    }

    @Test("A reply that is begun anew is counted from its beginning")
    func anew() {
        var shown = ShownText()
        shown.add(delta(0, "first version"))
        shown.add(delta(0, "se"))
        #expect(shown.rest(of: message("second"))?.text == "cond")
        #expect(shown.rest(of: message("second"))?.index == 1)
    }
}
