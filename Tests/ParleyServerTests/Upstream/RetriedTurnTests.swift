import HTTPTypes
import HummingbirdTesting
import ParleyCore
import ParleyTesting
import ParleyUpstream
import Testing

extension LoadTests {
    @Suite("Turns that are sent again and again", .timeLimit(.minutes(15)))
    struct RetriedTurnTests {
        private static let turns = 200
        private static let retries = 8

        private static func question(_ turn: Int) -> String { "Turn \(turn): is it é, e\u{301} or 日本?" }

        @Test(
            """
            Invariant 6, one turn at a time, once: 200 turns, each sent by eight callers at once through a proxy that cuts \
            answers, ask the model 200 times and are stored once, and everyone is answered in the end
            """
        )
        func once() async throws {
            try await UpstreamParley.run { home in
                let target = try #require(home.parley.client.port)
                let cuts = Guarded(0)
                let replies = try await CuttingProxy.run(to: target, seed: 20_260_105, longest: 3000) { proxy in
                    let caller = try await home.caller(port: proxy.port)
                    let ids = UUIDv7Maker()
                    return try await withThrowingTaskGroup(of: (Int, String).self) { group in
                        var replies: [Int: Set<String>] = [:]
                        var next = 0
                        func begin() {
                            guard next < Self.turns else { return }
                            let (turn, id) = (next, ids.make() as MessageID)
                            next += 1
                            for retry in 0..<Self.retries {
                                group.addTask {
                                    let reply = try await Self.send(turn, id, streamed: retry.isMultiple(of: 2), caller)
                                    {
                                        cuts.change { $0 += 1 }
                                    }
                                    return (turn, reply)
                                }
                            }
                        }
                        // Sixteen turns are under way at any time.
                        for _ in 0..<16 { begin() }
                        var answered = 0
                        while let (turn, reply) = try await group.next() {
                            replies[turn, default: []].insert(reply)
                            answered += 1
                            if answered.isMultiple(of: Self.retries) { begin() }
                        }
                        return replies
                    }
                }
                #expect(replies.count == Self.turns)
                #expect(replies.values.allSatisfy { $0.count == 1 })
                // Else the proxy has proven nothing.
                #expect(cuts.value > Self.turns)
                let asked = Dictionary(grouping: home.upstream.log.entries.map(\.request.question)) { $0 }
                for turn in 0..<Self.turns { #expect(asked[Self.question(turn)]?.count == 1, "turn \(turn)") }
                try await checkStore(home)
            }
        }

        /// Sends a turn until it is answered as a whole; returns the reply's id.
        private static func send(
            _ turn: Int,
            _ id: MessageID,
            streamed: Bool,
            _ caller: LiveCaller,
            onCut: () -> Void
        ) async throws -> String {
            let body: JSON = [
                "id": .string(id.description), "message": .string(question(turn)), "stream": .bool(streamed),
            ]
            while true {
                let reply: JSON?
                do {
                    if streamed {
                        var last: JSON?
                        var isDone = false
                        let status = try await caller.stream("/api/chat", body) { event in
                            if event.type == "message_updated" { last = event.data["message"] }
                            isDone = isDone || event.type == "done"
                        }
                        try #require(status == 200)
                        reply = isDone ? last : nil
                    } else {
                        let answer = try await caller.post("/api/chat", body)
                        try #require(answer.status == .ok)
                        reply = answer["message"]
                    }
                } catch let error as ExpectationFailedError {
                    throw error
                } catch {
                    // Cut by the proxy.
                    reply = nil
                }
                guard let reply else {
                    onCut()
                    continue
                }
                #expect(reply["status"] == "delivered")
                let text = DerivedAnswer.text(to: question(turn))
                #expect(reply["content"]?.stringValue.map { Array($0.utf8) } == Array(text.utf8))
                return try #require(reply["id"]?.stringValue)
            }
        }

        private func checkStore(_ home: UpstreamParley) async throws {
            let stored = try await StoredLogs.read(by: try await home.caller())
            #expect(stored.conversations.count == Self.turns)
            var questions: [String] = []
            for log in stored.messages.values {
                #expect(log.map { $0["role"] } == ["user", "assistant"])
                #expect(log.last?["status"] == "delivered")
                questions += log.prefix(1).compactMap { $0["content"]?.stringValue }
            }
            #expect(Set(questions) == Set((0..<Self.turns).map(Self.question)))
        }
    }
}
