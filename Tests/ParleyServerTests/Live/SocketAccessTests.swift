import HTTPTypes
import ParleyAuth
import ParleyCore
import ParleyTesting
import Testing

extension LoadTests {
    @Suite("Who may ask what over a socket or a stream", .cluster, .serialized, .timeLimit(.minutes(15)))
    struct SocketAccessTests {
        private let cluster: Cluster

        init() throws {
            cluster = try #require(Cluster.shared)
        }

        private func token(
            _ name: String,
            audience: String? = nil,
            issuedAt clock: any WallClock = SystemClock()
        ) async throws -> String {
            let secret = HMACSecret(kid: nil, bytes: Array(RunningServer.secret.utf8))
            var settings = TokenSettings(keys: [secret])
            settings.audience = audience
            return try await TokenIssuer(secret: secret, settings: settings, clock: clock)
                .token(for: .person(name, department: "tests"), lifetime: .seconds(3600))
        }

        /// Conversations, as one who has none sees them: another's, one that never was, one that is gone, and no id.
        private func foreign(to caller: LiveCaller, of owner: LiveCaller) async throws -> [String] {
            let (foreign, deleted) = (FaultClient.newID(), FaultClient.newID())
            for (id, maker) in [(foreign, owner), (deleted, caller)] {
                let made = try await maker.post("/api/conversations", ["id": .string(id)])
                try #require(made.status == .created)
            }
            let gone = try await caller.delete("/api/conversations/\(deleted)")
            try #require(gone.status == .ok)
            return [foreign, FaultClient.newID(), deleted, "no id"]
        }

        @Test("Nobody, an expired token and one for others: 401, whatever the path names, for sockets and streams")
        func nobody() async throws {
            let owner = cluster.caller(0, token: try await token("owner"))
            let ids = try await foreign(to: owner, of: owner)
            let yesterday = ManualClock()
            let tokens: [String?] = [
                nil, try await token("owner", issuedAt: yesterday), try await token("owner", audience: "others"),
                "no token",
            ]
            for token in tokens {
                let refused = await #expect(throws: Listener.Refused.self) {
                    _ = try await Listener.connect(port: cluster.instances[1].port, token: token)
                }
                #expect(refused?.status == 401)
                let caller = LiveCaller(
                    address: cluster.instances[1].address,
                    token: token,
                    client: owner.client
                )
                var bodies: Set<JSON> = []
                for id in ids {
                    let path = "/api/events?conversation_id=\(id.replacing(" ", with: "%20"))"
                    let answer = try await caller.get(path)
                    #expect(answer.status == .unauthorized)
                    bodies.insert(answer.withoutRequestID)
                }
                #expect(bodies.count == 1)
            }
        }

        @Test("What is another's is not there, as an id that was never used", arguments: ["subscribe", "typing"])
        func commands(type: String) async throws {
            let (owner, stranger) = try await (token("owner"), token("stranger"))
            let caller = cluster.caller(0, token: stranger)
            let ids = try await foreign(to: caller, of: cluster.caller(0, token: owner))
            let listener = try await Listener.ready(port: cluster.instances[1].port, token: stranger)
            for (number, id) in ids.enumerated() {
                listener.send(["type": .string(type), "conversation_id": .string(id), "since_revision": 0])
                #expect(await listener.until { events in events.count { $0["type"] == "error" } == number + 1 })
            }
            let errors = listener.events.filter { $0["type"] == "error" }
            let bodies = Set(errors.map { $0["error"].map { Self.withoutRequestID($0) } })
            #expect(bodies.count == 1)
            #expect(errors.first?["error"]?["code"] == "not_found")
            // Nor does anybody hear of what was asked, and nothing that happens there is told.
            let witness = try await Listener.ready(port: cluster.instances[0].port, token: owner)
            let post = try await cluster.caller(0, token: owner)
                .post("/api/conversations/\(ids[0])/messages", ["role": "user", "content": "secret"])
            #expect(post.status == .created)
            #expect(await witness.hears { $0["type"] == "chat_message" })
            #expect(witness.count("typing") == 0)
            let own = FaultClient.newID()
            let made = try await caller.post("/api/conversations", ["id": .string(own)])
            #expect(made.status == .created)
            #expect(await listener.hears { $0["conversation_id"]?.stringValue == own })
            #expect(!listener.events.contains { $0["type"] != "error" && $0["conversation_id"]?.stringValue == ids[0] })
            for listener in [listener, witness] { listener.close() }
        }

        @Test("Streams of what is another's answer as those of an id that was never used")
        func streams() async throws {
            let (owner, stranger) = try await (token("owner"), token("stranger"))
            let caller = cluster.caller(1, token: stranger)
            let ids = try await foreign(to: caller, of: cluster.caller(0, token: owner))
            var bodies: Set<JSON> = []
            for id in ids {
                for rest in ["", "&since_revision=0", "&since_revision=nonsense"] {
                    let path = "/api/events?conversation_id=\(id.replacing(" ", with: "%20"))\(rest)"
                    let answer = try await caller.get(path)
                    #expect(answer.status == .notFound)
                    bodies.insert(answer.withoutRequestID)
                }
            }
            #expect(bodies.count == 1)
        }

        private static func withoutRequestID(_ error: JSON) -> JSON {
            guard case .object(var object) = error else { return error }
            object["request_id"] = nil
            return .object(object)
        }
    }
}
