import Foundation
import ParleyCore
import ParleyUpstream
import Testing

extension LoadTests {
    @Suite("Killed in mid-stream", .timeLimit(.minutes(15)))
    struct KilledStreamTests {
        private static let kills = 100
        /// How many replies are written when the process is killed.
        private static let streams = 4

        /// A reply as a client saw it.
        private struct Seen: Sendable {
            let question: String
            var id = ""
            var bytes: [UInt8] = []
        }

        @Test(
            "Invariant 3, shown means stored: of 100 kills in mid-stream none takes a byte, and each reply is interrupted"
        )
        func kill() async throws {
            try await ParleyHome.with { home in
                try await Upstream.run { upstream in
                    var seen: [Seen] = []
                    var total = 0
                    for kill in 0...Self.kills {
                        let before = seen
                        let options = ["--model-url", upstream.url, "--log-level", "error"]
                        seen = try await RunningServer.with(in: home, options: options) { server in
                            try await LiveCaller.with(server) { caller in
                                try await check(before, caller)
                                total += before.count
                                return kill < Self.kills ? await watch(until: 1 + kill % 12, server, caller) : []
                            }
                        }
                    }
                    #expect(total == Self.kills * Self.streams)
                }
            }
        }

        /// Starts replies, kills the server when so many pieces were shown of each, and tells what was seen.
        private func watch(until pieces: Int, _ server: RunningServer, _ caller: LiveCaller) async -> [Seen] {
            let shown = Guarded(Array(repeating: 0, count: Self.streams))
            return await withTaskGroup(of: Seen.self) { group in
                for stream in 0..<Self.streams {
                    group.addTask {
                        var seen = Seen(question: "Stream \(stream) [[{\"endless\":true,\"chunk_ms\":1}]]")
                        let body: JSON = ["message": .string(seen.question), "stream": true]
                        // Lost with the server, which is what it is killed for.
                        _ = try? await caller.stream("/api/chat", body) { event in
                            guard event.type == "message_delta" else { return }
                            seen.id = event.data["message_id"]?.stringValue ?? ""
                            seen.bytes += (event.data["text"]?.stringValue ?? "").utf8
                            let isEnough = shown.change { shown in
                                shown[stream] += 1
                                return shown.allSatisfy { $0 >= pieces }
                            }
                            if isEnough { server.process.send(SIGKILL) }
                        }
                        return seen
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }

        private func check(_ seen: [Seen], _ caller: LiveCaller) async throws {
            for seen in seen {
                var replies: [JSON] = []
                let status = try await caller.stream("/api/chat/\(seen.id)/stream") { event in
                    if let reply = event.data["message"] { replies.append(reply) }
                }
                #expect(status == 200)
                #expect(replies.map { $0["status"] } == ["interrupted"])
                let stored = Array((replies.first?["content"]?.stringValue ?? "").utf8)
                #expect(stored.starts(with: seen.bytes), "\(seen.id) lost what was shown")
                #expect(!seen.bytes.isEmpty)
                // And what is there is what was said, from its beginning.
                let once = Array(DerivedAnswer.text(to: seen.question).utf8)
                #expect(stored.indices.allSatisfy { stored[$0] == once[$0 % once.count] })
            }
        }
    }
}
