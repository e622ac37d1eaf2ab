import ParleyCore
import ParleyTesting
import RedisWire

/// Old data as years of several programs leave it behind, from a seed.
struct DirtyRedis {
    private var random: SplitMix64

    init(seed: UInt64) {
        random = SplitMix64(seed: seed)
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func pick<Element>(_ elements: [Element]) -> Element { random.pick(elements) }

    private let projects = ["apollo", "Größe", "6f1d9d3e-1111-4222-8333-444455556666", "a b", ""]
    private let sessions = [
        "s1", "0b9f7f2e-5a6b-4c7d-8e9f-000000000001", "0B9F7F2E-5A6B-4C7D-8E9F-000000000001", "7", "e\u{301}", "\u{e9}",
    ]

    private mutating func time(_ number: Int) -> JSON? {
        let second = number % 60 < 10 ? "0\(number % 60)" : "\(number % 60)"
        return pick([
            .string("2024-05-01T09:14:\(second)"), .string("2024-05-01T09:14:\(second).250Z"),
            .string("2024-05-01 11:14:\(second)+02:00"), JSON(integerLiteral: 1_714_554_840 + number), "2024-05-01",
            "soon", nil, nil, -3, "9999-01-01T00:00:00Z",
        ])
    }

    private mutating func text(_ number: Int) -> JSON {
        pick([
            "ok", "ok", .string("text \(number)"), .string("text \(number)"), "", .null, "a\u{0}b", 7,
            "<script>alert(1)</script>", "\u{202e}evil\r\n\u{1b}[31m", "{\"role\":\"user\"}",
            .string(String(repeating: "long ", count: 15_000)),
        ])
    }

    private mutating func answer(_ number: Int) -> JSON {
        let answer: JSON = [
            "user_explanation": text(number), "technical_instruction": "do it",
            "confidence": pick([.double(0.5), 87, "x", -1]),
            "metadata": [
                "processing_time": pick([.double(1.25), 300, "x"]), "model_info": ["model_name": pick(["m1", "", 5])],
            ],
        ]
        return pick([answer, answer, answer.text, "plain answer", .null, []])
    }

    private mutating func message(_ number: Int, in session: String?) -> JSON {
        if chance(4) { return pick([.null, 7, "x", [], [:], "{\"half\":"]) }
        var object: JSONObject = [:]
        object["role"] = pick(["user", "user", "ai_pm", "ai_pm", "assistant", "king", 3])
        object["content"] = text(number)
        if let time = time(number) { object[pick(["timestamp", "created_at"])] = time }
        if let session { object["session_id"] = pick([.string(session), .string(session), .string(session), .null]) }
        if chance(50) {
            object["id"] = pick([.string("m\(number)"), .string("m\(number / 2)"), JSON(integerLiteral: number)])
        }
        if chance(50) { object["user_id"] = pick(["alice@example.org", "user-17", "BOB@example.org"]) }
        if chance(40) { object["ai_response"] = answer(number) }
        if chance(30) { object["metadata"] = pick([["a": 1], "{\"session_id\":\"s1\"}", "x", ["k": "\u{0}"]]) }
        return .object(object)
    }

    private mutating func wrapped(_ value: JSON) -> [UInt8] {
        switch Int.random(in: 0..<12, using: &random) {
        case 0: value.text.serialized
        case 1: value.text.text.serialized
        case 2: Array(value.serialized.dropLast(Int.random(in: 1...3, using: &random)))
        case 3 where chance(20): pick([[], [0xFF, 0xFE], Array("null".utf8), Array("not json".utf8)])
        default: value.serialized
        }
    }

    /// Writes old data; returns how many keys of it match the patterns.
    mutating func write(to redis: MigrationRedis) async throws -> Int {
        try await redis.call("FLUSHALL")
        try await redis.call("SET", "elsewhere", "not ours")
        var keys = Set<[UInt8]>()
        func put(_ key: String, _ value: [UInt8]) async throws {
            keys.insert(Array(key.utf8))
            _ = try await redis.client.send(["SET", .string(key), .bytes(value)])
        }
        for session in sessions where chance(75) {
            var list: [JSON] = []
            for number in 0..<Int.random(in: 0..<14, using: &random) {
                let message = message(number, in: session)
                if chance(70) { list.append(chance(10) ? message.text : message) }
                guard chance(70) else { continue }
                let project = chance(85) ? projects[session.utf8.count % projects.count] : pick(projects)
                let type = pick(["message", "chat", "conversation", "preferences", "note"])
                let name = chance(50) ? "m\(number)" : "\(session):\(number)"
                try await put("project:\(project):memory:\(type):\(name)", wrapped(message))
            }
            if chance(70) {
                let number = Int.random(in: 0..<60, using: &random)
                var both: JSONObject = [
                    "session_id": .string(session), "user_message": text(number), "ai_response": answer(number),
                ]
                if let time = time(number) { both["timestamp"] = time }
                try await put("project:\(pick(projects)):memory:interaction:i\(number)", wrapped(.object(both)))
            }
            guard chance(80) else { continue }
            var object: JSONObject = [
                "title": pick(["A title", "", .null, "two\nlines", .string(String(repeating: "t", count: 400))])
            ]
            object["messages"] = pick([.array(list), .array(list), .array(list), JSON.array(list).text, .null, "x"])
            if chance(70) { object["project_id"] = .string(projects[session.utf8.count % projects.count]) }
            if let time = time(0) { object["created_at"] = time }
            if chance(10) { object["blob"] = .string(String(repeating: "x", count: 20_000)) }
            try await put("session_\(session)", wrapped(.object(object)))
        }
        try await put("project:apollo:memory:embedding:1", Array("[0.1,0.2]".utf8))
        try await put("project:apollo:memory:settings", Array("{\"theme\":\"dark\"}".utf8))
        for (key, command) in [
            ("session_list", "RPUSH"), ("session_set", "SADD"), ("project:apollo:memory:message:list", "RPUSH"),
            ("project:apollo:memory:index:set", "SADD"),
        ] {
            for value in 0..<4 { try await redis.call(command, key, "member \(value)") }
            keys.insert(Array(key.utf8))
        }
        for field in 0..<600 { try await redis.call("HSET", "session_hash", "f\(field)", "v") }
        keys.insert(Array("session_hash".utf8))
        let odd: [UInt8] = Array("session_".utf8) + [0xFF, 0x00]
        keys.insert(odd)
        _ = try await redis.client.send(["SET", .bytes(odd), "{}"])
        try await redis.call("SET", "session_ends", "{\"messages\":[]}", "EX", "86400")
        keys.insert(Array("session_ends".utf8))
        return keys.count
    }
}

extension JSON {
    static func double(_ value: Double) -> JSON { JSONNumber(value).map(JSON.number) ?? .null }
}
