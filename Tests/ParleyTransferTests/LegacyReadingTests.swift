import ParleyCore
import Testing

@testable import ParleyTransfer

@Suite("How old records are read")
struct LegacyReadingTests {
    @Test(
        "Times with zone, without, and as numbers",
        arguments: [
            ("2023-05-01T09:00:00Z", "2023-05-01T09:00:00.000Z"),
            ("2023-05-01T09:00:00", "2023-05-01T09:00:00.000Z"),
            ("2023-05-01 09:00:00.5", "2023-05-01T09:00:00.500Z"),
            ("2023-05-01T09:00+02:00", "2023-05-01T07:00:00.000Z"),
            ("2023-05-01T09:00:00.123456789-0530", "2023-05-01T14:30:00.123Z"),
            ("2023-05-01", "2023-05-01T00:00:00.000Z"),
            (1_682_931_600, "2023-05-01T09:00:00.000Z"), (1_682_931_600_250, "2023-05-01T09:00:00.250Z"),
        ] as [(JSON, String)]
    )
    func times(value: JSON, expected: String) {
        #expect(Timestamp(legacy: value)?.description == expected)
    }

    @Test(
        "What is no time is none",
        arguments: [
            "", "now", "2023-13-01", "2023-05-01T25:00:00Z", "2023-05-01T09:00:00+99", "2023-05-01T09:00:00.Z",
            "1950-01-01T00:00:00Z", "2023-05-01T09", "2023-05-01Tééééé:00Z", .null, true, -1, 0, ["a": 1],
            .string(String(repeating: "2", count: 1000)),
        ] as [JSON]
    )
    func noTimes(value: JSON) {
        #expect(Timestamp(legacy: value) == nil)
    }

    @Test(
        "A list is found again in another, in its order",
        arguments: [
            ("abc", "abc", "012"), ("bc", "abc", "12"), ("xaxbx", "ab", "-0-1-"), ("abc", "bca", "-01"),
            ("kkb", "kakkb", "234"), ("ka", "kakk", "01"), ("", "a", ""), ("a", "", "-"), ("cba", "abc", "2--"),
        ]
    )
    func matches(list: String, base: String, expected: String) {
        let places = InOrderMatch.places(of: Array(list), in: Array(base))
        let found = places.map { $0.map { "\($0)" } ?? "-" }.joined()
        // Any longest match will do.
        let rising = places.compactMap(\.self)
        #expect(rising == rising.sorted() && Set(rising).count == rising.count)
        for (index, place) in places.enumerated() {
            if let place { #expect(Array(list)[index] == Array(base)[place]) }
        }
        #expect(found.filter { $0 == "-" }.count == expected.filter { $0 == "-" }.count, "\(found)")
    }

    @Test("Derived ids are UUIDs of version 8, and no two lists of words make the same")
    func derivedIDs() {
        let id = MessageID(derivedFrom: ["a", "bc"])
        #expect(id.description == MessageID(derivedFrom: ["a", "bc"]).description)
        #expect(id != MessageID(derivedFrom: ["ab", "c"]))
        #expect(Array(id.description)[14] == "8" && "89ab".contains(Array(id.description)[19]))
    }
}
