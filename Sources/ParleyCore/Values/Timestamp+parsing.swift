extension Timestamp {
    /// Reads ``description`` back, and no other form; the year is 0001 to 9999.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == Self.textLength else { return nil }
        func number(_ range: Range<Int>) -> Int64? {
            var value: Int64 = 0
            for byte in bytes[range] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
            }
            return value
        }
        guard let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
            let minute = number(14..<16), let second = number(17..<19), let millisecond = number(20..<23),
            year > 0, (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        let seconds = ((Self.days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
        self.init(microseconds: (seconds * 1000 + millisecond) * 1000)
        // The separators, and days that a month doesn't have.
        guard description.utf8.elementsEqual(bytes) else { return nil }
    }

    /// Days since 1970-01-01, by the algorithm `days_from_civil` of <https://howardhinnant.github.io/date_algorithms.html>.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
