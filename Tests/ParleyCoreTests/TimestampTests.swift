import Foundation
import ParleyCore
import Testing

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "Times are written in RFC 3339 with milliseconds, truncated towards the past",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"),
            (999, "1970-01-01T00:00:00.000Z"),
            (1_999, "1970-01-01T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (-1_000_000, "1969-12-31T23:59:59.000Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"),
            (4_107_456_000_000_000, "2100-02-28T00:00:00.000Z"),
            (1_709_164_800_000_000, "2024-02-29T00:00:00.000Z"),
            (1_795_252_440_123_456, "2026-11-21T09:14:00.123Z"),
            (-62_135_596_800_000_000, "0001-01-01T00:00:00.000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999Z"),
        ]
    )
    func format(_ microseconds: Int64, _ text: String) {
        #expect(Timestamp(microseconds: microseconds).description == text)
    }

    @Test("Foundation writes random times the same")
    func foundationAgrees() {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        for _ in 0..<3000 {
            // Whole milliseconds: a Date's double rounds finer ones.
            let milliseconds = Int64.random(in: -12_000_000_000_000...250_000_000_000_000)
            let date = Date(timeIntervalSince1970: Double(milliseconds / 1000))
            let ours = Timestamp(microseconds: milliseconds / 1000 * 1_000_000).description
            #expect(ours == date.formatted(style))
        }
    }

    @Test("Seconds through every day of two centuries follow the calendar")
    func everyDay() {
        var text = ""
        for day in Int64(-36_600)...36_600 {
            let next = Timestamp(microseconds: day * 86_400_000_000).description
            #expect(text < next)
            text = next
        }
        #expect(text == "2070-03-17T00:00:00.000Z")
    }

    @Test(
        "Durations are added and found again",
        arguments: [
            Duration.seconds(0), .microseconds(1), .seconds(86_400 * 365), .microseconds(-1),
            .seconds(-5) - .microseconds(3),
        ]
    )
    func arithmetic(_ duration: Duration) {
        let time = Timestamp(microseconds: 1_795_252_440_123_456)
        #expect((time + duration) - time == duration)
        #expect((time + duration < time) == (duration < .zero))
    }

    @Test("What is finer than a microsecond is dropped")
    func fractions() {
        let time = Timestamp(microseconds: 10)
        #expect(time + .nanoseconds(1999) == Timestamp(microseconds: 11))
    }

    @Test("The system's clock agrees with Foundation's")
    func systemClock() {
        let before = Int64(Date().timeIntervalSince1970 * 1000) - 1
        let now = SystemClock().now().microseconds / 1000
        let after = Int64(Date().timeIntervalSince1970 * 1000) + 1
        #expect(before <= now && now <= after)
    }
}
