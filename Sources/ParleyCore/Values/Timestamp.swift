/// A point in time, in whole microseconds since 1970-01-01T00:00:00Z.
///
/// Stores keep all six digits; the wire form is RFC 3339 in UTC with milliseconds, truncated.
public struct Timestamp: Hashable, Sendable, Comparable {
    /// Microseconds since the epoch.
    public let microseconds: Int64

    /// Makes a timestamp from microseconds since the epoch.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Orders by time.
    public static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.microseconds < rhs.microseconds
    }

    /// The time `duration` later; fractions of a microsecond are dropped.
    public static func + (lhs: Self, duration: Duration) -> Self {
        let (seconds, attoseconds) = duration.components
        return Self(microseconds: lhs.microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    /// The time from `rhs` to `lhs`.
    public static func - (lhs: Self, rhs: Self) -> Duration {
        .microseconds(lhs.microseconds - rhs.microseconds)
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds: `2026-11-21T09:14:00.000Z`.
    public var description: String {
        String(unsafeUninitializedCapacity: Self.textLength) { buffer in
            write(into: buffer)
            return Self.textLength
        }
    }

    /// The length of ``description`` in bytes.
    static let textLength = 24

    /// Writes the bytes of ``description``.
    func write(into buffer: UnsafeMutableBufferPointer<UInt8>) {
        let milliseconds = microseconds.floorDivided(by: 1000)
        let (days, inDay) = milliseconds.quotientAndRemainderFloored(by: 86_400_000)
        let (year, month, day) = Self.civil(fromDays: days)
        func put(_ value: Int64, _ positions: Range<Int>, then separator: Unicode.Scalar) {
            var rest = value
            for position in positions.reversed() {
                buffer[position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            buffer[positions.upperBound] = UInt8(ascii: separator)
        }
        put(year, 0..<4, then: "-")
        put(month, 5..<7, then: "-")
        put(day, 8..<10, then: "T")
        put(inDay / 3_600_000, 11..<13, then: ":")
        put(inDay / 60_000 % 60, 14..<16, then: ":")
        put(inDay / 1000 % 60, 17..<19, then: ".")
        put(inDay % 1000, 20..<23, then: "Z")
    }

    /// Year, month and day of a count of days since the epoch, in the proleptic Gregorian calendar.
    ///
    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainderFloored(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        quotientAndRemainderFloored(by: divisor).quotient
    }

    fileprivate func quotientAndRemainderFloored(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
