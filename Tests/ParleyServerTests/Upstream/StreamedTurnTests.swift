import HTTPTypes
import NIOHTTP1
import ParleyCore
import ParleyTesting
import ParleyUpstream
import Testing

@Suite("Turns with a model's server, over HTTP", .timeLimit(.minutes(15)))
struct StreamedTurnTests {
    /// One piece, as a client is shown it.
    private struct Piece: Sendable {
        let index: Int
        let text: String

        init?(_ event: ServerSentEvent) {
            guard event.type == "message_delta", let index = event.data["index"]?.intValue,
                let text = event.data["text"]?.stringValue
            else { return nil }
            (self.index, self.text) = (index, text)
        }
    }

    private struct Gone: Error {}

    private static let question = "e\u{301}o\u{302}\u{323} 👩‍👩‍👧‍👦👩🏽‍🚀 🇮🇹🇯🇵 \u{200D}ẍ 한글 न्दी"

    private static func body(_ message: String, streamed: Bool = true) -> JSON {
        ["message": .string(message), "stream": .bool(streamed)]
    }

    @Test("A failure is a 502 with both messages, and what had come")
    func failure() async throws {
        try await UpstreamParley.run { home in
            let caller = try await home.caller()
            home.upstream.arm(.ending(.error, after: 4))
            let answer = try await caller.post("/api/chat", Self.body("Hi", streamed: false))
            #expect(answer.status == .badGateway)
            #expect(answer.code == "upstream_error")
            #expect(answer["user_message"]?["content"] == "Hi")
            #expect(answer["message"]?["status"] == "failed")
            let said = DerivedAnswer.deltas(of: DerivedAnswer.text(to: "Hi")).prefix(4).joined()
            #expect(answer["message"]?["content"]?.stringValue == said)
            let reason = answer["message"]?["metadata"]?["error"]?["message"]
            #expect(reason == "The model's server reported an error: The model is overloaded.")
            #expect(answer["error"]?["message"] == reason)
        }
    }

    @Test("A client that goes away stops nothing: the server is heard to the end, and the reply is stored")
    func clientLeaves() async throws {
        try await UpstreamParley.run { home in
            let caller = try await home.caller()
            home.upstream.arm(
                Behaviour {
                    $0.holds = true
                    $0.after = 3
                }
            )
            var reply: String?
            do {
                _ = try await caller.stream("/api/chat", Self.body("Hi")) { event in
                    guard event.type == "message_delta" else { return }
                    reply = event.data["message_id"]?.stringValue
                    // Closes the connection, since the answer is not read on.
                    throw Gone()
                }
            } catch is Gone {}
            home.upstream.release()
            var end: JSON?
            _ = try await caller.stream("/api/chat/\(try #require(reply))/stream") { event in
                if event.type == "message_updated" { end = event.data["message"] }
            }
            #expect(end?["status"] == "delivered")
            #expect(end?["content"]?.stringValue == DerivedAnswer.text(to: "Hi"))
            await home.upstream.log.wait { $0.map(\.ending) == [.whole] }
        }
    }

    @Test("A stop by another client ends the request at the server")
    func stop() async throws {
        try await UpstreamParley.run { home in
            let caller = try await home.caller()
            home.upstream.arm(
                Behaviour {
                    $0.holds = true
                    $0.after = 3
                }
            )
            var isStopped = false
            var end: JSON?
            _ = try await caller.stream("/api/chat", Self.body("Hi")) { event in
                if event.type == "message_updated" { end = event.data["message"] }
                guard event.type == "message_delta", !isStopped else { return }
                isStopped = true
                let reply = try #require(event.data["message_id"]?.stringValue)
                let stopped = try await caller.post("/api/chat/\(reply)/stop", [:])
                #expect(stopped["metadata"]?["stopped"] == true)
            }
            #expect(end?["status"] == "delivered")
            #expect(end?["metadata"]?["stopped"] == true)
            await home.upstream.log.wait { $0.map(\.ending) == [.clientLeft] }
        }
    }

    @Test("Resumed at every piece, while it is written and afterwards, nothing is lost and nothing comes twice")
    func resume() async throws {
        try await UpstreamParley.run { home in
            let caller = try await home.caller()
            let whole = DerivedAnswer.text(to: Self.question)
            let deltas = DerivedAnswer.deltas(of: whole)
            let held = deltas.count - 4
            home.upstream.arm(
                Behaviour {
                    // Longer than pieces are gathered for, so that there are many.
                    $0.chunkDelay = .milliseconds(25)
                    $0.holds = true
                    $0.after = held
                }
            )
            let said = Array(deltas.prefix(held).joined().utf8)
            var pieces: [Piece] = []
            var reply = ""
            _ = try await caller.stream("/api/chat", Self.body(Self.question)) { event in
                guard let piece = Piece(event) else { return }
                pieces.append(piece)
                reply = event.data["message_id"]?.stringValue ?? ""
                guard pieces.flatMap(\.text.utf8) == said else { return }
                // The reply is under way, and so much of it is there: it is resumed behind each piece.
                try await resumeEverywhere(reply, pieces, whole, caller) { home.upstream.release() }
            }
            #expect(pieces.flatMap(\.text.utf8) == Array(whole.utf8))
            #expect(pieces.count > 10)
            for piece in pieces {
                let (rest, end) = try await resumed(reply, after: piece.index, byHeader: false, caller) {}
                #expect(rest.isEmpty)
                #expect(end?["content"]?.stringValue.map { Array($0.utf8) } == Array(whole.utf8))
            }
        }
    }

    /// Follows a running reply from behind each of its pieces at once; `goOn` lets it go on when all are listening.
    private func resumeEverywhere(
        _ reply: String,
        _ pieces: [Piece],
        _ whole: String,
        _ caller: LiveCaller,
        goOn: @escaping @Sendable () -> Void
    ) async throws {
        let waiting = Guarded(2 * pieces.count)
        try await withThrowingDiscardingTaskGroup { group in
            for place in -1..<pieces.count - 1 {
                for byHeader in [true, false] {
                    group.addTask {
                        let (rest, end) = try await resumed(reply, after: place, byHeader: byHeader, caller) {
                            let isLast = waiting.change { waiting in
                                waiting -= 1
                                return waiting == 0
                            }
                            if isLast { goOn() }
                        }
                        let text = pieces.prefix(place + 1).flatMap(\.text.utf8) + rest.flatMap(\.text.utf8)
                        #expect(text == Array(whole.utf8), "after \(place)")
                        #expect(rest.map(\.index) == Array(place + 1..<place + 1 + rest.count))
                        #expect(end?["content"]?.stringValue.map { Array($0.utf8) } == Array(whole.utf8))
                    }
                }
            }
        }
    }

    private func resumed(
        _ reply: String,
        after index: Int,
        byHeader: Bool,
        _ caller: LiveCaller,
        onFirst: () -> Void
    ) async throws -> (pieces: [Piece], end: JSON?) {
        var pieces: [Piece] = []
        var end: JSON?
        let query = byHeader ? "" : "?after=\(index)"
        let headers: HTTPHeaders = byHeader && index >= 0 ? ["Last-Event-ID": "\(reply):\(index)"] : [:]
        let status = try await caller.stream("/api/chat/\(reply)/stream\(query)", headers: headers) { event in
            if let piece = Piece(event) {
                if pieces.isEmpty { onFirst() }
                pieces.append(piece)
            }
            if event.type == "message_updated" { end = event.data["message"] }
        }
        #expect(status == 200)
        return (pieces, end)
    }

    @Test("Regenerated again and again, every version before stays readable, byte by byte")
    func regenerate() async throws {
        try await UpstreamParley.run { home in
            let caller = try await home.caller()
            let texts = (1...4).map { "Version \($0): \(Self.question)" }
            for text in texts { home.upstream.arm(Behaviour { $0.answer = text }) }
            let turn = try await caller.post("/api/chat", Self.body("Hi", streamed: false))
            let conversation = try #require(turn["conversation_id"]?.stringValue)
            let reply = try #require(turn["message"]?["id"]?.stringValue)
            for text in texts.dropFirst() {
                let again = try await caller.post("/api/chat/\(reply)/regenerate", [:])
                #expect(again["message"]?["content"]?.stringValue == text)
            }
            let versions = try await caller.get("/api/conversations/\(conversation)/messages/\(reply)/versions")
            let kept = versions["versions"]?.arrayValue?.compactMap { $0["content"]?.stringValue }
            #expect(kept?.map { Array($0.utf8) } == texts.dropLast().map { Array($0.utf8) })
            // A version that fails is one, too, and takes nothing with it.
            home.upstream.arm(.status(400))
            _ = try await caller.post("/api/chat/\(reply)/regenerate", [:])
            let after = try await caller.get("/api/conversations/\(conversation)/messages/\(reply)/versions")
            let all = after["versions"]?.arrayValue?.compactMap { $0["content"]?.stringValue }
            #expect(all?.map { Array($0.utf8) } == texts.map { Array($0.utf8) })
        }
    }
}
