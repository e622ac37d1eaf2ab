import Foundation
import HTTPTypes
import ParleyCore
import ParleyTesting
import Testing

extension LoadTests {
    @Suite("A reply whose instance stands still", .timeLimit(.minutes(15)))
    struct LeaseTests {
        @Test("It is interrupted by the other instance, with what was shown, and its own can't touch it when it wakes")
        func fenced() async throws {
            try await SilentModel.with { model in
                try await Cluster.with(Cluster.Plan(options: ["--model-url", model.url])) { cluster in
                    let (shown, question) = (Eventual<String>(), FaultClient.newID())
                    async let own = end(
                        cluster.caller(0),
                        "/api/chat",
                        ["id": .string(question), "message": "Hello", "stream": true]
                    ) {
                        event in
                        guard event.type == "message_delta" else { return }
                        cluster.instances[0].send(SIGSTOP)
                        shown.give(event.data["message_id"]?.stringValue ?? "")
                    }
                    let reply = await shown.value()
                    let others = try await end(cluster.caller(1), "/api/chat/\(reply)/stream") { _ in }
                    #expect(others["status"] == "interrupted")
                    #expect(others["content"] == .string(SilentModel.words))
                    cluster.instances[0].send(SIGCONT)
                    // What its own instance shows in the end is what the other one made of it.
                    #expect(try await own == others)
                    let conversation = try #require(others["conversation_id"]?.stringValue)
                    for instance in 0..<2 {
                        let answer = try await cluster.caller(instance).get(
                            "/api/conversations/\(conversation)/messages"
                        )
                        #expect(answer["messages"]?[1] == others)
                    }
                }
            }
        }

        /// Follows a stream, and returns the reply as it ended.
        private func end(
            _ caller: LiveCaller,
            _ path: String,
            _ body: JSON? = nil,
            _ consume: (ServerSentEvent) -> Void
        ) async throws -> JSON {
            var end: JSON?
            let status = try await caller.stream(path, body) { event in
                consume(event)
                if event.type == "message_updated" { end = event.data["message"] }
            }
            #expect(status == 200)
            return try #require(end)
        }
    }
}
