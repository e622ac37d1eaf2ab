import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import ParleyCore
import ParleyLive
import ParleyServer
import ParleyTesting
import Testing
import WebSocketWire

@Suite("Sockets and streams of events")
struct LiveRoutesTests {
    /// What a client must send to become a socket.
    private static let upgrade = """
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r

        """

    private func answer(_ parley: TestParley, _ fields: String) async throws -> String {
        let request = "GET /api/ws HTTP/1.1\r\nHost: parley.example\r\n\(fields)\r\n"
        return try await RawConnection.answer(to: request, port: try #require(parley.client.port))
    }

    @Test("Who may not open a socket is told so before the upgrade: credentials first, then the origin")
    func refusals() async throws {
        try await TestParley.run(.ahc()) { parley in
            let bearer = "Authorization: Bearer \(try await parley.token(of: .alice))\r\n"
            let cookie = "Cookie: \(try await signIn(parley))\r\n"
            let cases: [(fields: String, status: Int)] = [
                ("", 401),
                ("Authorization: Bearer none\r\n", 401),
                ("Authorization: Basic YTpi\r\n", 401),
                ("Cookie: parley_session=AAAA\r\n", 401),
                ("Sec-WebSocket-Protocol: parley.v1, bearer.none\r\n", 401),
                ("Origin: https://evil.example\r\n", 401),
                (bearer + "Origin: https://evil.example\r\n", 403),
                (bearer + "Origin: null\r\n", 403),
                (bearer + "Origin: http://parley.example.evil.example\r\n", 403),
                (bearer + "Origin: http://parley.example:81\r\n", 403),
                (cookie, 403),
                (cookie + "Origin: null\r\n", 403),
                (cookie + "Origin: https://evil.example\r\n", 403),
            ]
            for (fields, status) in cases {
                let answer = try await answer(parley, Self.upgrade + fields)
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(fields): \(answer.prefix(80))")
                #expect(answer.contains(#""request_id":"#) && answer.lowercased().contains("connection: close"))
            }
            // A token in the URL is none: it would stand in logs.
            let inURL =
                "GET /api/ws?token=\(try await parley.token(of: .alice)) HTTP/1.1\r\nHost: a\r\n\(Self.upgrade)\r\n"
            let port = try #require(parley.client.port)
            #expect(try await RawConnection.answer(to: inURL, port: port).hasPrefix("HTTP/1.1 401 "))
        }
    }

    @Test("What is no WebSocket request of version 13 is told what is spoken here")
    func improper() async throws {
        try await TestParley.run(.ahc()) { parley in
            let bearer = "Authorization: Bearer \(try await parley.token(of: .alice))\r\n"
            let cases: [(fields: String, status: Int)] = [
                ("Connection: close\r\n", 426),
                (Self.upgrade.replacing("Version: 13", with: "Version: 8"), 426),
                (Self.upgrade.replacing("websocket", with: "h2c"), 426),
                (Self.upgrade.replacing("dGhlIHNhbXBsZSBub25jZQ==", with: "short"), 400),
                (Self.upgrade.replacing("Sec-WebSocket-Key", with: "X-Key"), 400),
                (Self.upgrade + "Content-Length: 2\r\n\r\nhi", 400),
            ]
            for (fields, status) in cases {
                let answer = try await answer(parley, bearer + fields)
                #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(fields): \(answer.prefix(80))")
                #expect((status == 426) == answer.lowercased().contains("sec-websocket-version: 13"))
            }
        }
    }

    @Test("A token may come as a subprotocol, a cookie from the server's own origin or a listed one")
    func credentials() async throws {
        try await TestParley.run(.ahc()) { parley in
            let port = try #require(parley.client.port)
            let token = try await parley.token(of: .alice)
            let cookie = try await signIn(parley)
            let offered = try await Socket(port: port, subprotocols: ["parley.v1", "bearer.\(token)"])
            #expect(offered.subprotocol == "parley.v1")
            let ready = try await offered.next("ready")
            #expect(ready["heartbeat_seconds"] == 25)
            #expect(ready["connection_id"]?.stringValue.flatMap { MessageID($0) } != nil)
            for origin in ["http://127.0.0.1:\(port)", "https://listed.example"] {
                let socket = try await Socket(port: port, headers: [("Cookie", cookie), ("Origin", origin)])
                _ = try await socket.next("ready")
                try await socket.close()
            }
            try await offered.close()
        }
    }

    @Test("A connection that has carried other requests may become a socket, as a proxy's connections do")
    func usedConnection() async throws {
        try await TestParley.run(.ahc()) { parley in
            let bearer = "Authorization: Bearer \(try await parley.token(of: .alice))\r\n"
            let first = "GET /api/auth/me HTTP/1.1\r\nHost: a\r\n\(bearer)\r\n"
            let second = "GET /api/ws HTTP/1.1\r\nHost: a\r\n\(bearer)\(Self.upgrade)\r\n"
            // A close frame of the client's, masked with zeros: the server answers it, and closes.
            let connection = try await RawConnection.Dialogue.open(port: try #require(parley.client.port))
            try await connection.send(first)
            try await connection.receive(upTo: "alice")
            try await connection.send(second)
            try await connection.receive(upTo: #""heartbeat_seconds":25}"#)
            try await connection.send(bytes: [0x88, 0x80, 0, 0, 0, 0])
            let rest = try await connection.end()
            #expect(rest.contains("HTTP/1.1 101 Switching Protocols"))
            #expect(rest.utf8.count > 0)
        }
    }

    @Test("Everything that happens in a person's projects comes, and of nobody else's")
    func events() async throws {
        try await TestParley.run(.ahc()) { parley in
            let port = try #require(parley.client.port)
            let alice = try await parley.caller(.alice)
            let bobs = try await Socket.open(port: port, token: parley.token(of: .bob))
            let alices = try await Socket.open(port: port, token: parley.token(of: .alice))
            let conversation = try await alice.makeConversation()
            let message = try await alice.say("Good morning", in: conversation)
            let path = "/api/conversations/\(conversation)"
            _ = try await alice.patch("\(path)/messages/\(message)", ["content": "Good evening"])
            _ = try await alice.put("\(path)/messages/\(message)/reactions/a")
            _ = try await alice.delete("\(path)/messages/\(message)")
            _ = try await alice.patch(path, ["title": "T"])
            _ = try await alice.delete(path)
            let seen = try await alices.upTo("conversation_deleted")
            #expect(
                seen.map { $0["type"]?.stringValue } == [
                    "conversation_created", "chat_message", "message_updated", "message_updated", "message_updated",
                    "conversation_updated", "conversation_deleted",
                ]
            )
            #expect(seen.map { $0["revision"]?.intValue } == [1, 2, 3, 4, 5, 6, 7])
            // What bob does is all that bob hears of.
            let own = try await parley.caller(.bob).makeConversation()
            #expect(try await bobs.next()?["conversation_id"]?.stringValue == own)
            try await alices.close()
            try await bobs.close()
        }
    }

    @Test("Whoever is put into a project hears of what happens in it from the answer on")
    func joined() async throws {
        try await TestParley.run(.ahc()) { parley in
            let port = try #require(parley.client.port)
            let alice = try await parley.caller(.alice)
            for round in 0..<20 {
                let bobs = try await Socket.open(port: port, token: parley.token(of: .bob))
                let alices = try await Socket.open(port: port, token: parley.token(of: .alice))
                let made = try await alice.post("/api/projects", ["name": "P"])
                let project = try #require(made["id"]?.stringValue)
                let first = try await alice.makeConversation(["project_id": .string(project)])
                let member = "/api/projects/\(project)/members/bob@example.org"
                #expect(try await alice.put(member, ["role": "viewer"]).status == .ok)
                let second = try await alice.makeConversation(["project_id": .string(project)])
                #expect(try await alices.next("resync")["reason"] == "joined")
                #expect(try await alices.next("conversation_created")["conversation_id"]?.stringValue == first)
                #expect(try await bobs.next("resync")["reason"] == "joined")
                #expect(try await bobs.next("conversation_created")["conversation_id"]?.stringValue == second)
                // And to the answer: what follows a removal is not heard.
                #expect(try await alice.delete(member).status == .ok)
                _ = try await alice.say("Not for bob", in: round.isMultiple(of: 2) ? first : second)
                #expect(try await bobs.end().code?.rawValue == 4003)
                try await alices.close()
            }
        }
    }

    @Test("A socket that is compressed says the same")
    func compressed() async throws {
        try await TestParley.run(.ahc()) { parley in
            let port = try #require(parley.client.port)
            let alice = try await parley.caller(.alice)
            let socket = try await Socket.open(port: port, token: parley.token(of: .alice), deflate: true)
            let conversation = try await alice.makeConversation()
            let text = String(repeating: "a kettle, ", count: 1000)
            _ = try await alice.say(text, in: conversation)
            #expect(try await socket.next("chat_message")["message"]?["content"]?.stringValue == text)
            try await socket.close()
        }
    }

    @Test("A conversation that is somebody else's and one that never was answer a socket alike")
    func foreign() async throws {
        try await TestParley.run(.ahc()) { parley in
            let conversation = try await parley.caller(.alice).makeConversation()
            let socket = try await Socket.open(
                port: try #require(parley.client.port),
                token: parley.token(of: .bob)
            )
            for type in ["subscribe", "typing"] {
                var answers: [JSON] = []
                for id in [conversation, "018f0000-0000-4000-8000-00000000dead"] {
                    try await socket.send(["type": .string(type), "conversation_id": .string(id), "since_revision": 0])
                    answers.append(try #require(try await socket.next("error")["error"]))
                }
                #expect(answers[0] == answers[1])
                #expect(answers[0]["code"] == "not_found")
            }
            try await socket.close()
        }
    }

    @Test("What is too large, or no text, closes the socket with its code")
    func improperMessages() async throws {
        try await TestParley.run(.ahc()) { parley in
            let port = try #require(parley.client.port)
            let token = try await parley.token(of: .alice)
            let cases: [(PreparedMessage, WebSocketCloseCode)] = [
                (PreparedMessage(text: String(repeating: "x", count: Limits.socketMessageBytes + 1)), .messageTooBig),
                (PreparedMessage(binary: ByteBuffer(string: "{}")), .unacceptableData),
            ]
            for (message, code) in cases {
                let socket = try await Socket.open(port: port, token: token)
                try await socket.send(message)
                #expect(try await socket.end().code == code)
            }
        }
    }

    @Test("A person has twenty sockets and streams; one that is closed makes room")
    func places() async throws {
        try await TestParley.run(.ahc()) { parley in
            let port = try #require(parley.client.port)
            let token = try await parley.token(of: .alice)
            var sockets: [Socket] = []
            for _ in 0..<Limits.socketsPerPerson { sockets.append(try await Socket.open(port: port, token: token)) }
            let refusal = await #expect(throws: WebSocketError.self) { try await Socket.open(port: port, token: token) }
            #expect(refusal?.status == 429)
            #expect(try await parley.caller(.alice).get("/api/events").status == .tooManyRequests)
            // Another's are another's.
            try await Socket.open(port: port, token: parley.token(of: .bob)).close()
            try await sockets.removeLast().close()
            // The server hears of it a moment later.
            while true {
                do {
                    sockets.append(try await Socket.open(port: port, token: token))
                    break
                } catch let error as WebSocketError where error.status == 429 {}
            }
            for socket in sockets { try await socket.close() }
        }
    }

    @Test("Signing out closes that sign-in's sockets, and no other's")
    func signOut() async throws {
        try await TestParley.run(.ahc()) { parley in
            let port = try #require(parley.client.port)
            let origin = "http://127.0.0.1:\(port)"
            let first = try await signIn(parley)
            let second = try await signIn(parley)
            let leaving = try await Socket(port: port, headers: [("Cookie", first), ("Origin", origin)])
            let staying = try await Socket(port: port, headers: [("Cookie", second), ("Origin", origin)])
            _ = try await leaving.next("ready")
            _ = try await staying.next("ready")
            var headers: HTTPFields = [.cookie: first]
            headers[.origin] = "https://listed.example"
            let out = Caller(client: parley.client, headers: headers)
            #expect(try await out.post("/api/auth/logout").status == .ok)
            #expect(try await leaving.end().code?.rawValue == 4501)
            try await staying.send(["type": "ping"])
            _ = try await staying.next("pong")
            try await staying.close()
        }
    }

    @Test("A stream of a conversation brings the changes since, then what follows")
    func stream() async throws {
        try await TestParley.run(.ahc()) { parley in
            let alice = try await parley.caller(.alice)
            let conversation = try await alice.makeConversation()
            _ = try await alice.say("before", in: conversation)
            let port = try #require(parley.client.port)
            let stream = try await RawConnection.Dialogue.open(port: port)
            let token = try await parley.token(of: .alice)
            try await stream.send(
                """
                GET /api/events?conversation_id=\(conversation)&since_revision=1 HTTP/1.1\r
                Host: a\r
                Authorization: Bearer \(token)\r
                \r

                """
            )
            try await stream.receive(upTo: "event: subscribed")
            _ = try await alice.makeConversation()
            _ = try await alice.say("after", in: conversation)
            let text = try await stream.receive(upTo: #""content":"after""#)
            let names = text.split(separator: "\r\n").flatMap { $0.split(separator: "\n") }
                .filter { $0.hasPrefix("event: ") }
            #expect(names == ["event: chat_message", "event: subscribed", "event: chat_message"])
            #expect(text.contains("text/event-stream") && text.contains(#""content":"before""#))
            try await stream.close()
            // The place is free as soon as the client has left.
            while parley.live.sessionCount > 0 { await Task.yield() }
        }
    }

    @Test("Fields of a stream are checked, and what may not be seen does not exist")
    func streamFields() async throws {
        try await TestParley.run { parley in
            let (alice, bob) = (try await parley.caller(.alice), try await parley.caller(.bob))
            let conversation = try await alice.makeConversation()
            #expect(try await parley.anonymous.get("/api/events").status == .unauthorized)
            #expect(try await alice.get("/api/events?since_revision=3").status == .badRequest)
            let path = "/api/events?conversation_id="
            #expect(try await alice.get("\(path)\(conversation)&since_revision=x").status == .badRequest)
            let foreign = try await bob.get("\(path)\(conversation)")
            let absent = try await bob.get("\(path)018f0000-0000-4000-8000-00000000dead")
            #expect(foreign.status == .notFound && absent.status == .notFound)
            #expect(foreign["error"]?["message"] == absent["error"]?["message"])
            #expect(try await bob.get("\(path)\(conversation)&since_revision=x").status == .notFound)
            let other: HTTPFields = [.origin: "https://evil.example"]
            #expect(try await alice.get("/api/events", headers: other).status == .forbidden)
            #expect(try await alice.call(.head, "/api/events").status == .ok)
            #expect(parley.live.sessionCount == 0)
        }
    }

    /// Signs a person in, and returns the cookie.
    private func signIn(_ parley: TestParley) async throws -> String {
        let person: JSON = ["email": "ada@example.org", "password": "correct horse"]
        var answer = try await parley.anonymous.post("/api/auth/login", person)
        if answer.status != .ok { answer = try await parley.anonymous.post("/api/auth/register", person) }
        return String(try #require(answer.headers[.setCookie]).prefix { $0 != ";" })
    }
}
