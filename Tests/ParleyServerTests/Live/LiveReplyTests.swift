import Foundation
import HTTPTypes
import ParleyCore
import ParleyTesting
import Testing

extension LoadTests {
    @Suite("A reply that one instance writes, seen from another", .cluster, .serialized, .timeLimit(.minutes(15)))
    struct LiveReplyTests {
        private let cluster: Cluster
        private let conversation = FaultClient.newID()
        /// The built-in echo takes 18 seconds to repeat this, so that a busy machine has done before what a test does
        /// meanwhile.
        private let question = "Tell me about it " + String(repeating: "word by word ", count: 200)

        init() throws {
            cluster = try #require(Cluster.shared)
        }

        /// Has instance 0 write a reply while a tab at each instance looks on.
        private func withReply(
            _ test: (_ writing: Tab, _ other: Tab, _ reply: String) async throws -> Void
        ) async throws {
            let token = try await RunningServer.token(of: .alice)
            let made = try await cluster.caller(1).post("/api/conversations", ["id": .string(conversation)])
            try #require(made.status == .created)
            try await withThrowingTaskGroup(of: Void.self) { group in
                let tabs = (0..<2).map { instance in
                    Tab(number: 1, of: .person("alice"), token: token, opens: 0, at: instance, in: cluster)
                }
                defer { for tab in tabs { tab.stop() } }
                for tab in tabs {
                    group.addTask { await tab.run() }
                    tab.open(conversation)
                    let isInStep = await tab.until { $0.logs[conversation]?.isInStep == true }
                    #expect(isInStep)
                }
                group.addTask {
                    let body: JSON = [
                        "conversation_id": .string(conversation), "message": .string(question), "stream": true,
                    ]
                    // Who asked may be cut off; what becomes of the reply is what matters.
                    _ = try? await cluster.caller(0).stream("/api/chat", body) { _ in }
                }
                let isBegun = await tabs[1].until { ($0.reply(in: conversation)?["next_index"]?.intValue ?? 0) >= 5 }
                #expect(isBegun)
                let reply = try #require(tabs[1].state.reply(in: conversation)?["id"]?.stringValue)
                try await test(tabs[0], tabs[1], reply)
                for tab in tabs { #expect(tab.totals.violations.isEmpty) }
            }
        }

        /// Waits until a tab shows the end of a reply, which is what each instance shows over REST.
        private func end(of reply: String, in tab: Tab) async throws -> JSON {
            let isOver = await tab.until { state in
                let status = state.logs[conversation]?.messages[reply]?["status"]
                return status != nil && status != "streaming"
            }
            #expect(isOver)
            let truth = try await RunTruth.conversation(conversation, cluster.caller(1))
            #expect(tab.state.shown(conversation)?.messages == truth.messages)
            return try #require(tab.state.logs[conversation]?.messages[reply])
        }

        @Test("The question, the pieces and the answer; also in a tab that is loaded anew in the middle")
        func whole() async throws {
            try await withReply { writing, other, reply in
                let questions = other.state.shown(conversation)?.messages.filter { $0["role"] == "user" }
                #expect(questions?.map { $0["content"]?.stringValue } == [question])
                other.reconnect(anew: true)
                other.open(conversation)
                let joins = await other.until { $0.reply(in: conversation) != nil }
                #expect(joins)
                let joined = other.state.logs[conversation]?.messages[reply]
                #expect(joined?["status"] == "streaming")
                let answer = try await end(of: reply, in: other)
                #expect(answer["status"] == "delivered")
                let text = answer["content"]?.stringValue ?? ""
                #expect(text.hasSuffix(question))
                #expect(text.hasPrefix(joined?["content"]?.stringValue ?? "nothing"))
                #expect(try await end(of: reply, in: writing) == answer)
            }
        }

        @Test("Stopped at the other instance, it ends at both")
        func stopped() async throws {
            try await withReply { writing, other, reply in
                let answer = try await cluster.caller(1).post("/api/chat/\(reply)/stop", [:])
                #expect(answer.status == .ok)
                for tab in [writing, other] {
                    let message = try await end(of: reply, in: tab)
                    #expect(message["status"] == "delivered")
                    #expect(message["metadata"]?["stopped"] == true)
                }
            }
        }

        @Test("Its instance killed, it ends as interrupted, with everything that was shown")
        func killed() async throws {
            try await withReply { writing, other, reply in
                cluster.instances[0].send(SIGKILL)
                #expect(try await cluster.instances[0].ending() == .signal(SIGKILL))
                let shown = [writing, other].map { $0.state.reply(in: conversation)?["content"]?.stringValue ?? "" }
                try await cluster.startAgain(0)
                for tab in [writing, other] {
                    let message = try await end(of: reply, in: tab)
                    #expect(message["status"] == "interrupted")
                    for shown in shown { #expect(message["content"]?.stringValue?.hasPrefix(shown) == true) }
                }
            }
        }
    }
}

extension TabState {
    /// The reply that is being written.
    fileprivate func reply(in conversation: String) -> JSON? {
        logs[conversation]?.messages.values.first { $0["status"] == "streaming" }
    }
}
