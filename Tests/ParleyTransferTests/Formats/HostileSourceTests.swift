import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyTransfer

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Sources that mean harm")
struct HostileSourceTests {
    private static let small = JSON.array([
        [
            "id": "z", "title": "Zip",
            "mapping": [
                "a": [
                    "message": [
                        "author": ["role": "user"], "content": ["content_type": "text", "parts": ["hello"]],
                    ]
                ]
            ], "current_node": "a",
        ]
    ]).serialized

    private func file(_ name: String, _ bytes: [UInt8] = HostileSourceTests.small) -> ZipMaker.File {
        ZipMaker.File(name: name, bytes: bytes)
    }

    @Test("An archive is read, packed or not, and what else is in it is accounted for", arguments: [true, false])
    func archive(isDeflated: Bool) async throws {
        let bring = Bringing()
        var conversations = file("export/conversations.json")
        conversations.isDeflated = isDeflated
        let archive = ZipMaker.archive([file("chat.html", [1, 2]), conversations, file("__MACOSX/conversations.json")])
        let account = try await bring(.chatgpt, archive).account
        #expect(account.count(of: .imported) == 2)
        #expect(
            account.items.filter { $0.outcome == .leftAlone }.map(\.key) == [
                "chat.html", "__MACOSX/conversations.json",
            ]
        )
        #expect(try await bring.texts(bring.titled("Zip")) == ["hello"])
        await refused(ZipMaker.archive([file("user.json")]), bring)
    }

    private func refused(
        _ bytes: [UInt8],
        _ bring: Bringing = Bringing(),
        _ code: ParleyError.Code = .invalidRequest,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let error = await #expect(throws: ParleyError.self, sourceLocation: sourceLocation) {
            try await bring(.chatgpt, bytes)
        }
        #expect(error?.code == code, sourceLocation: sourceLocation)
    }

    @Test(
        "Paths that lead elsewhere are refused",
        arguments: [
            "../conversations.json", "/etc/conversations.json", "a/../../conversations.json", "C:/conversations.json",
            "a\\conversations.json", "a\u{0}conversations.json", "./conversations.json",
        ]
    )
    func paths(name: String) async throws {
        await refused(ZipMaker.archive([file("conversations.json"), file(name)]))
    }

    @Test("Passwords, two names, doubled files, lies and damage are refused")
    func lies() async throws {
        var locked = file("conversations.json")
        locked.flags = 1
        await refused(ZipMaker.archive([locked]))
        var renamed = file("conversations.json")
        renamed.localName = "../conversation.json"
        await refused(ZipMaker.archive([renamed]))
        await refused(ZipMaker.archive([file("conversations.json"), file("Conversations.json")]))
        var shorter = file("conversations.json")
        shorter.claimedSize = 5
        await refused(ZipMaker.archive([shorter]))
        var longer = file("conversations.json")
        longer.claimedSize = 50_000
        await refused(ZipMaker.archive([longer]))
        let whole = ZipMaker.archive([file("conversations.json")])
        for end in [4, 30, whole.count / 2, whole.count - 1] { await refused(Array(whole.prefix(end))) }
        // Whatever byte is wrong, it is told or the text is right.
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 0x41
            let bring = Bringing()
            do {
                let account = try await bring(.chatgpt, damaged).account
                #expect(account.count(of: .imported) == 2 || account.count(of: .quarantined) > 0, "\(index)")
            } catch let error as ParleyError {
                #expect(error.code == .invalidRequest || error.code == .payloadTooLarge, "\(index)")
            }
        }
    }

    @Test("A bomb is refused before it has unpacked to much")
    func bomb() async throws {
        let bytes = ZipMaker.archive([file("conversations.json", [UInt8](repeating: 0x20, count: 48 << 20))])
        #expect(bytes.count < 64 << 10)
        await refused(bytes, Bringing(), .payloadTooLarge)
        let archive = try ZipArchive(ImportSource(bytes))
        let reader = try InflatingReader(archive.entries[0], in: archive)
        var unpacked = 0
        #expect(throws: ParleyError.self) {
            while let chunk = try reader.next() {
                #expect(chunk.count <= Limits.importChunkBytes)
                unpacked += chunk.count
            }
        }
        #expect(unpacked <= max(Limits.archiveFreeBytes, Limits.archiveRatio * bytes.count))
    }

    @Test("Nesting without end is put aside, as is what ends in the middle")
    func nesting() async throws {
        let bring = Bringing()
        let deep = Array(String(repeating: "[", count: 200_000).utf8)
        let closed = deep + Array(String(repeating: "]", count: 200_000).utf8)
        let account = try await bring(.chatgpt, Array("[".utf8) + closed + [0x5D]).account
        #expect(account.items.map(\.reason) == [.brokenJSON])
        #expect(try await bring(.chatgpt, deep).account.items.map(\.reason) == [.brokenJSON, .cutOff])
        let children = Array(String(repeating: "{\"children\":[", count: 100_000).utf8)
        #expect(try await bring(.librechat, children).account.count(of: .quarantined) > 0)
        for garbage in ["hello", "]", "", "}", "[]]", "[][]"] {
            await refused(Array(garbage.utf8), bring)
        }
        #expect(try await bring(.chatgpt, Array("[1,2,{\"a\":\"\\".utf8)).account.count(of: .quarantined) == 4)
    }

    @Test("A line of a gigabyte is put aside, with memory for one line, and what is behind it comes")
    func longLine() async throws {
        let bring = Bringing()
        let header = Array("{\"parley_export\":1}\n".utf8)
        let tail = Array(
            """

            {"type":"conversation","id":"00000000-0000-4000-8000-000000000001","title":"T","created_at":"2023-01-01T00:00:00.000Z","messages":0}

            """.utf8
        )
        let length = 1 << 30
        let block = [UInt8](repeating: 0x61, count: Limits.importChunkBytes)
        let source = ImportSource(size: nil) { offset, count in
            if offset < header.count { return Array(header[offset...]) }
            let place = offset - header.count
            if place < length { return place + block.count <= length ? block : Array(block.prefix(length - place)) }
            return place - length < tail.count ? Array(tail[(place - length)...]) : []
        }
        let before = peakBytes()
        let job = ImportJob(.jsonl, into: bring.store, batch: bring.ids.make(), clock: bring.clock)
        let account = try await job(source, as: .alice)
        #expect(account.items.map(\.reason) == [.tooLarge, nil])
        #expect(account.count(of: .imported) == 1)
        #expect(peakBytes() - before < 128 << 20)
    }

    @Test("A tree that branches everywhere makes no more of itself than a few times what it holds")
    func amplification() async throws {
        let count = 3000
        var mapping = JSONObject()
        var members: [(String, JSON)] = []
        for index in 0..<count {
            let parent: JSON = index == 0 ? .null : .string("n\(index - 1)")
            for (name, under) in [("n\(index)", parent), ("s\(index)", parent), ("t\(index)", .string("s\(index)"))] {
                members.append(
                    (
                        name,
                        [
                            "parent": under,
                            "message": [
                                "author": ["role": "user"], "content": ["parts": [.string(name)]],
                                "create_time": 1_690_000_000,
                            ],
                        ]
                    )
                )
            }
        }
        let text =
            "{" + members.map { "\"\($0)\":\(String(decoding: $1.serialized, as: UTF8.self))" }.joined(separator: ",")
            + "}"
        mapping = try #require(try JSON(parsing: Array(text.utf8)).objectValue)
        let source: JSON = [
            "id": "x", "title": "X", "mapping": .object(mapping), "current_node": .string("n\(count - 1)"),
        ]
        let reading = ForeignReading(
            format: .chatgpt,
            importer: Identity.alice.email,
            home: ProjectID(high: 1, low: 1),
            now: Importing.now
        )
        let plan = reading.plan(source.serialized, named: "x")
        let messages = plan.entries.reduce(0) { $0 + $1.conversation.messages.count }
        #expect(plan.entries.count == count + 1)
        #expect(messages <= 5 * 3 * count + 2000)
        #expect(plan.items.count == 3 * count + 1)
    }

    /// The most memory that this process has taken, in bytes.
    private func peakBytes() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1024
    }
}
