import Foundation
import HTTPTypes
import NIOHTTP1
import ParleyAuth
import ParleyCore
import ParleyTesting
import RedisWire
import Testing
import WebSocketWire

extension LoadTests {
    @Suite("Faults, and those who stay connected to two instances", .cluster, .serialized, .timeLimit(.minutes(10)))
    struct SocketFaultTests {
        private let cluster: Cluster

        init() throws {
            cluster = try #require(Cluster.shared)
        }

        private func token(_ name: String, lifetime: Duration = .seconds(3600)) async throws -> String {
            let secret = HMACSecret(kid: nil, bytes: Array(RunningServer.secret.utf8))
            return try await TokenIssuer(secret: secret, settings: TokenSettings(keys: [secret]))
                .token(for: .person(name, department: "tests"), lifetime: lifetime)
        }

        /// Makes a conversation of one who is new here; returns what is needed to write to it.
        private func makeConversation(of name: String, in project: String? = nil) async throws -> (
            id: String, token: String
        ) {
            let token = try await token(name)
            let id = FaultClient.newID()
            var body: JSONObject = JSONObject()
            body["id"] = .string(id)
            body["project_id"] = project.map { .string($0) }
            let answer = try await cluster.caller(1, token: token).post("/api/conversations", .object(body))
            try #require(answer.status == .created)
            return (id, token)
        }

        private func makeProject(of owner: String, with member: String) async throws -> String {
            let id = FaultClient.newID()
            let caller = cluster.caller(1, token: try await token(owner))
            let made = try await caller.post("/api/projects", ["id": .string(id), "name": "Shared"])
            try #require(made.status == .created)
            let added = try await caller.put(
                "/api/projects/\(id)/members/\(member)%40example.org",
                ["role": "editor"]
            )
            try #require(added.status == .ok)
            return id
        }

        @discardableResult
        private func post(
            _ text: String,
            to conversation: String,
            id: String = FaultClient.newID(),
            at instance: Int,
            _ token: String
        ) async throws -> String {
            let body: JSON = ["id": .string(id), "role": "user", "content": .string(text)]
            let answer = try await cluster.caller(instance, token: token)
                .post("/api/conversations/\(conversation)/messages", body)
            try #require(answer.status == .created || answer.status == .ok, "\(answer.text)")
            return id
        }

        private func port(_ instance: Int) -> Int { cluster.instances[instance].port }

        /// Runs a test with a tab that has one conversation open.
        private func withTab(
            of name: String,
            on conversation: String,
            at instance: Int,
            _ test: (Tab) async throws -> Void
        ) async throws {
            let tab = Tab(
                number: 1,
                of: .person(name),
                token: try await token(name),
                opens: 0,
                at: instance,
                in: cluster
            )
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await tab.run() }
                defer { tab.stop() }
                tab.open(conversation)
                let isInStep = await tab.until { $0.logs[conversation]?.isInStep == true }
                #expect(isInStep)
                try await test(tab)
                #expect(tab.totals.violations.isEmpty)
            }
        }

        // MARK: Instances

        @Test("SIGSTOP of one: those at the other hear everything, and its own hear of it when it goes on")
        func stopped() async throws {
            let (id, token) = try await makeConversation(of: "stopped")
            try await withTab(of: "stopped", on: id, at: 0) { tab in
                try await withTab(of: "stopped", on: id, at: 1) { peer in
                    cluster.instances[0].send(SIGSTOP)
                    for number in 0..<40 { try await post("\(number)", to: id, at: 1, token) }
                    let isWhole = await peer.until { $0.logs[id]?.messages.count == 40 }
                    #expect(isWhole)
                    #expect(tab.state.logs[id]?.messages.count ?? 0 < 40)
                    cluster.instances[0].send(SIGCONT)
                    let isWholeAgain = await tab.until { $0.logs[id]?.messages.count == 40 }
                    #expect(isWholeAgain)
                }
            }
        }

        @Test("The connections of events ended: nothing is missing afterwards")
        func eventsEnded() async throws {
            let (id, token) = try await makeConversation(of: "ended")
            try await withTab(of: "ended", on: id, at: 0) { tab in
                for round in 1...5 {
                    try await cluster.redis.send(["CLIENT", "KILL", "TYPE", "pubsub"])
                    for number in 0..<4 { try await post("\(round) \(number)", to: id, at: 1, token) }
                    let isWhole = await tab.until { $0.logs[id]?.messages.count == round * 4 }
                    #expect(isWhole)
                }
            }
        }

        @Test("kill -9 between a commit and its event: those elsewhere hear of it all the same")
        func eventLost() async throws {
            let (id, token) = try await makeConversation(of: "lost")
            try await withTab(of: "lost", on: id, at: 1) { tab in
                cluster.redisLinks[0].become(.silent)
                let message = try await post("committed", to: id, at: 0, token)
                cluster.instances[0].send(SIGKILL)
                #expect(try await cluster.instances[0].ending() == .signal(SIGKILL))
                cluster.redisLinks[0].become(.closed)
                try await post("committed", to: id, id: message, at: 1, token)
                let isThere = await tab.until { $0.logs[id]?.messages[message] != nil }
                #expect(isThere)
                cluster.redisLinks[0].become(.pass)
                try await cluster.startAgain(0)
            }
        }

        @Test("SIGTERM: all sockets are closed with 1001, and status 0")
        func ended() async throws {
            let token = try await token("leaving")
            var listeners: [Listener] = []
            for _ in 0..<10 { listeners.append(try await Listener.ready(port: port(0), token: token)) }
            cluster.instances[0].send(SIGTERM)
            for listener in listeners {
                let end = await listener.end()
                #expect(end.code?.rawValue == 1001)
            }
            #expect(try await cluster.instances[0].ending() == .exit(0))
            try await cluster.startAgain(0)
        }

        // MARK: Access

        @Test("Who loses a membership at one instance is shut out at the other, and hears nothing more")
        func membershipLost() async throws {
            let project = try await makeProject(of: "keeper", with: "goer")
            let (id, token) = try await makeConversation(of: "keeper", in: project)
            let goer = try await Listener.ready(port: port(1), token: try await self.token("goer"))
            let keeper = try await Listener.ready(port: port(1), token: token)
            try await post("before", to: id, at: 0, token)
            #expect(await goer.hears { $0["type"] == "chat_message" })
            let path = "/api/projects/\(project)/members/goer%40example.org"
            let removed = try await cluster.caller(0, token: token).delete(path)
            #expect(removed.status == .ok)
            let secret = try await post("after", to: id, at: 0, token)
            let end = await goer.end()
            #expect(end.code?.rawValue == 4003)
            #expect(await keeper.hears { $0["message"]?["id"]?.stringValue == secret })
            #expect(!goer.events.contains { $0["message"]?["id"]?.stringValue == secret })
            keeper.close()
            let again = try await Listener.ready(port: port(1), token: try await self.token("goer"))
            try await post("later", to: id, at: 0, token)
            again.send(["type": "ping"])
            #expect(await again.hears { $0["type"] == "pong" })
            #expect(again.count("chat_message") == 0)
            again.close()
        }

        @Test("Who is in a project that is deleted at one instance is shut out at the other")
        func projectDeleted() async throws {
            let project = try await makeProject(of: "ender", with: "guest")
            let (id, token) = try await makeConversation(of: "ender", in: project)
            let guest = try await Listener.ready(port: port(1), token: try await self.token("guest"))
            try await post("before", to: id, at: 0, token)
            #expect(await guest.hears { $0["type"] == "chat_message" })
            let deleted = try await cluster.caller(0, token: token).delete("/api/projects/\(project)")
            #expect(deleted.status == .ok)
            #expect(await guest.end().code?.rawValue == 4003)
        }

        @Test("Who signs out at one instance is shut out at the other, and another sign-in is not")
        func signedOut() async throws {
            var cookies: [String] = []
            let account: JSON = ["email": "signed@example.org", "password": "correct horse battery"]
            for path in ["register", "login"] {
                let answer = try await cluster.caller(0).post("/api/auth/\(path)", account)
                let cookie = answer.headers[values: .setCookie].first?.split(separator: ";").first
                cookies.append(String(try #require(cookie, "\(answer.text)")))
            }
            var listeners: [Listener] = []
            for cookie in cookies {
                let headers = [("Cookie", cookie), ("Origin", "http://127.0.0.1:\(port(1))")]
                listeners.append(try await Listener.ready(port: port(1), headers: headers))
            }
            let caller = LiveCaller(address: cluster.instances[0].address, token: nil, client: cluster.caller(0).client)
            let answer = try await caller.post(
                "/api/auth/logout",
                [:],
                headers: ["Cookie": cookies[0], "Origin": cluster.instances[0].address]
            )
            #expect(answer.status == .ok)
            #expect(await listeners[0].end().code?.rawValue == 4501)
            listeners[1].send(["type": "ping"])
            #expect(await listeners[1].hears { $0["type"] == "pong" })
            listeners[1].close()
        }

        @Test("A token that runs out ends the connection with 4502")
        func expired() async throws {
            var lifetime = Duration.seconds(4)
            while true {
                do {
                    let token = try await token("short", lifetime: lifetime)
                    let listener = try await Listener.ready(port: port(0), token: token)
                    #expect(await listener.end().code?.rawValue == 4502)
                    break
                } catch let refused as Listener.Refused where refused.status == 401 {
                    // A busy machine may have taken as long to connect.
                    lifetime *= 2
                }
            }
        }

        // MARK: Clients

        @Test("Who doesn't read is told once that something was missed, then put out; the others get everything")
        func slowReader() async throws {
            let (id, token) = try await makeConversation(of: "slow")
            let before = try memory(1)
            let slow = try await Listener.connect(port: port(1), token: token, reads: false)
            let other = try await Listener.ready(port: port(1), token: token)
            let text = String(repeating: "0123456789abcdef", count: 4000)
            let messages = 250
            for number in 0..<messages { try await post("\(number) \(text)", to: id, at: 0, token) }
            #expect(await other.until { events in events.count { $0["type"] == "chat_message" } == messages })
            #expect(other.count("resync") == 0)
            while try await metric("parley_live_closings_total{reason=\"too_slow\"}", at: 1) == 0 {
                // A number that is counted tells nobody that it has risen: it is asked for again.
                try await Task.sleep(for: .milliseconds(200))
            }
            // What the kernel held, and what stands for the rest.
            slow.read()
            _ = await slow.end()
            #expect(slow.count("chat_message") < messages)
            #expect(slow.count("resync") <= 1)
            #expect(try memory(1) - before < 64 << 20)
            other.close()
        }

        @Test("Who vanishes without a word gives their places back")
        func vanished() async throws {
            let token = try await token("vanished")
            cluster.clientLinks[0].become(.pass)
            for _ in 0..<Limits.socketsPerPerson {
                _ = try await Listener.ready(port: cluster.clientLinks[0].port, token: token)
            }
            let refused = await #expect(throws: Listener.Refused.self) {
                _ = try await Listener.connect(port: port(0), token: token)
            }
            #expect(refused?.status == 429)
            cluster.clientLinks[0].become(.silent)
            while true {
                do {
                    let listener = try await Listener.ready(port: port(0), token: token)
                    listener.close()
                    break
                } catch let refused as Listener.Refused where refused.status == 429 {
                    // The place is free once the heartbeat was missed, of which only another try tells.
                    try await Task.sleep(for: .seconds(1))
                }
            }
            cluster.clientLinks[0].become(.closed)
            cluster.clientLinks[0].become(.pass)
        }

        /// What a process holds in memory, in bytes.
        private func memory(_ instance: Int) throws -> Int {
            let path = "/proc/\(cluster.instances[instance].process)/status"
            let line = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
                .first { $0.hasPrefix("VmRSS:") }
            return try #require(line?.split(separator: " ").dropLast().last.flatMap { Int($0) }) * 1024
        }

        private func metric(_ name: String, at instance: Int) async throws -> Double {
            let text = try await cluster.caller(instance).get("/metrics").text
            let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            return line?.split(separator: " ").last.flatMap { Double($0) } ?? 0
        }
    }
}
