import Foundation
import ParleyCore
import ParleyTesting

/// A hundred thousand messages as the old programs kept them in Redis, and the same as Parley is given them.
struct LegacyCorpus: Sendable {
    let projects = 20
    let conversationsPerProject = 250
    let messagesPerConversation = 20

    /// How many messages there are.
    var count: Int { projects * conversationsPerProject * messagesPerConversation }

    /// Which message of which conversation.
    struct Place: Sendable {
        let project: Int
        let conversation: Int
        let message: Int
        let number: Int
    }

    /// A conversation's messages, every second of them an answer.
    func places(_ project: Int, _ conversation: Int) -> [Place] {
        (0..<messagesPerConversation).map { message in
            let number = (project * conversationsPerProject + conversation) * messagesPerConversation + message
            return Place(project: project, conversation: conversation, message: message, number: number)
        }
    }

    /// Ids that look as random ones do, and are the same in every run.
    private func id(_ kind: UInt64, _ number: Int) -> String {
        var random = SplitMix64(seed: kind << 32 | UInt64(number))
        let (high, low) = (random.next(), random.next())
        return "\(MessageID(high: high & ~0xF000 | 0x4000, low: low & ~(3 << 62) | 2 << 62))"
    }

    func projectID(_ project: Int) -> String { id(1, project) }
    func sessionID(_ place: Place) -> String { id(2, place.project * conversationsPerProject + place.conversation) }

    private func time(_ place: Place) -> String {
        Timestamp(microseconds: 1_735_722_000_000_000 + Int64(place.number) * 17_000_123).description
    }

    private func isAnswer(_ place: Place) -> Bool { place.message % 2 == 1 }

    /// What came with an answer.
    private func answer(_ place: Place) -> JSONObject {
        [
            "user_explanation": .string(SampleText.message(place.number)),
            "technical_instruction": "",
            "confidence": Self.number(0.87),
            "metadata": ["processing_time": Self.number(1.42), "model_info": ["model_name": "gpt-4o-mini"]],
        ]
    }

    private static func number(_ value: Double) -> JSON { JSONNumber(value).map(JSON.number) ?? .null }

    private func fields(_ place: Place) -> JSONObject {
        var fields: JSONObject = [
            "id": .string(id(3, place.number)),
            "role": isAnswer(place) ? "ai_pm" : "user",
            "content": .string(SampleText.message(place.number)),
            "timestamp": .string(time(place)),
            "session_id": .string(sessionID(place)),
            "metadata": ["user_id": "alice@example.com", "department": "engineering", "source": "web"],
        ]
        if isAnswer(place) { fields["ai_response"] = .object(answer(place)) }
        return fields
    }

    /// A message as a key of its own.
    func memoryKey(_ place: Place) -> (key: String, value: [UInt8]) {
        (
            "project:\(projectID(place.project)):memory:chat:\(sessionID(place)):\(id(3, place.number))",
            JSON.object(fields(place)).serialized
        )
    }

    /// A session with its messages embedded.
    func session(_ places: [Place]) -> (key: String, value: [UInt8])? {
        guard let first = places.first, let last = places.last else { return nil }
        let session: JSONObject = [
            "id": .string(sessionID(first)),
            "project_id": .string(projectID(first.project)),
            "user_id": "alice@example.com",
            "title": .string("Conversation \(first.number)"),
            "created_at": .string(time(first)),
            "updated_at": .string(time(last)),
            "messages": .array(places.map { .object(fields($0)) }),
        ]
        return ("session_\(sessionID(first))", JSON.object(session).serialized)
    }

    /// The same message for Parley: everything that the old value says, but whose it is, which is its author.
    func message(_ place: Place) -> NewMessage {
        NewMessage(
            id: MessageID(id(3, place.number)),
            role: isAnswer(place) ? .assistant : .user,
            content: SampleText.message(place.number),
            metadata: ["department": "engineering", "source": "web"],
            aiResponse: isAnswer(place) ? .object(answer(place)) : nil,
            confidence: isAnswer(place) ? 0.87 : nil,
            model: isAnswer(place) ? "gpt-4o-mini" : nil
        )
    }
}
