import ParleyCore
import Synchronization
import Testing

@Suite("IDs")
struct IDTests {
    @Test("An id is read in either case and written in lower case")
    func cases() throws {
        let lower = "0198c1a0-7e5b-7c3d-8f21-0242acab00ef"
        let id = try #require(MessageID(lower))
        #expect(MessageID(lower.uppercased()) == id)
        #expect(id.description == lower)
        #expect(id.high == 0x0198_C1A0_7E5B_7C3D)
        #expect(id.low == 0x8F21_0242_ACAB_00EF)
    }

    @Test(
        "Every version and the extremes are read and written the same",
        arguments: [
            "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "c232ab00-9414-11ec-b3c8-9f6bdeced846", "919108f7-52d1-4320-9bac-f847db4148a8",
        ]
    )
    func versions(_ text: String) {
        #expect(ProjectID(text)?.description == text)
    }

    @Test(
        "What is not the 36-character form is refused",
        arguments: [
            "", "0198c1a0", "0198c1a07e5b7c3d8f210242ac120002", "{0198c1a0-7e5b-7c3d-8f21-0242ac120002}",
            "0198c1a0-7e5b-7c3d-8f21-0242ac12000", "0198c1a0-7e5b-7c3d-8f21-0242ac1200022",
            "0198c1a0-7e5b-7c3d-8f210-242ac120002", "0198c1a0-7e5b-7c3d-8f21-0242ac12000g",
            " 198c1a0-7e5b-7c3d-8f21-0242ac120002", "0198c1a0-7e5b-7c3d-8f21-0242ac120002\n",
            "0198c1a0_7e5b_7c3d_8f21_0242ac120002", "+198c1a0-7e5b-7c3d-8f21-0242ac120002",
            "0198c1a0-7e5b-7c3d-8f21-0242ac12000\u{FF12}", "urn:uuid:0198c1a0-7e5b-7c3d-8f21-0242ac120002",
            "0198c1a0-7e5b-7c3d-8f21-0242ac120002\0",
        ]
    )
    func malformed(_ text: String) {
        #expect(ConversationID(text) == nil)
    }

    @Test("Ids are ordered as their bytes")
    func order() {
        let ids = [(0, 1), (0, UInt64.max), (1, 0), (UInt64.max, 0)].map { MessageID(high: $0.0, low: $0.1) }
        #expect(ids.shuffled().sorted() == ids)
    }
}

@Suite("UUID version 7")
struct UUIDv7MakerTests {
    private final class SetClock: WallClock {
        let time = Mutex(Timestamp(microseconds: 1_795_252_440_123_000))
        func now() -> Timestamp { time.withLock { $0 } }
        func move(_ milliseconds: Int64) {
            time.withLock { $0 = Timestamp(microseconds: $0.microseconds + milliseconds * 1000) }
        }
    }

    @Test("An id bears the clock's millisecond, the version and the variant")
    func layout() {
        let clock = SetClock()
        let id: MessageID = UUIDv7Maker(clock: clock).make()
        #expect(id.high >> 16 == 1_795_252_440_123)
        #expect(id.high >> 12 & 0xF == 7)
        #expect(id.low >> 62 == 0b10)
    }

    @Test("Ids rise within one millisecond, past the end of its counter")
    func sameMillisecond() {
        let maker = UUIDv7Maker(clock: SetClock())
        let ids: [MessageID] = (0..<20_000).map { _ in maker.make() }
        #expect(zip(ids, ids.dropFirst()).allSatisfy { $0 < $1 })
        #expect(ids.allSatisfy { $0.high >> 12 & 0xF == 7 && $0.low >> 62 == 0b10 })
    }

    @Test("A clock that steps back is not followed")
    func clockStepsBack() {
        let clock = SetClock()
        let maker = UUIDv7Maker(clock: clock)
        let before: MessageID = maker.make()
        clock.move(-3_600_000)
        let after: MessageID = maker.make()
        #expect(before < after)
        clock.move(7_200_000)
        let later: MessageID = maker.make()
        #expect(after < later)
        #expect(later.high >> 16 == 1_795_252_440_123 + 3_600_000)
    }

    @Test("A time before the epoch is taken for the epoch")
    func beforeTheEpoch() {
        let clock = SetClock()
        clock.move(-1_795_252_440_124)
        let id: MessageID = UUIDv7Maker(clock: clock).make()
        #expect(id.high >> 16 == 0)
    }

    @Test("Many threads get different ids, each its own in rising order")
    func manyThreads() async {
        let maker = UUIDv7Maker()
        let runs = await withTaskGroup(of: [MessageID].self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<5000).map { _ in maker.make() } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        for run in runs { #expect(zip(run, run.dropFirst()).allSatisfy { $0 < $1 }) }
        #expect(Set(runs.joined()).count == 40_000)
    }

    @Test("The random half differs from id to id")
    func randomness() {
        let maker = UUIDv7Maker(clock: SetClock())
        let ids: [MessageID] = (0..<1000).map { _ in maker.make() }
        #expect(Set(ids.map(\.low)).count == 1000)
        // Each of the 62 bits is sometimes set and sometimes not.
        let ever = ids.reduce(0) { $0 | $1.low }
        let always = ids.reduce(UInt64.max) { $0 & $1.low }
        #expect(ever == 0xBFFF_FFFF_FFFF_FFFF)
        #expect(always == 0x8000_0000_0000_0000)
    }
}
