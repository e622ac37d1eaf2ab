import ParleyCore

/// Reads `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date.
enum RetryAfter {
    /// How long to wait; `nil` where the value says nothing that can be understood.
    ///
    /// A date that has passed is no wait.
    static func duration(_ value: String, now: Timestamp) -> Duration? {
        let value = value.trimmed
        if let seconds = Int64(value) {
            // A century is as good as forever, and can't overflow.
            return seconds < 0 ? nil : .seconds(min(seconds, 3_155_760_000))
        }
        guard let time = time(of: value) else { return nil }
        return max(.zero, time - now)
    }

    /// A date as servers send it: `Sun, 06 Nov 1994 08:49:37 GMT`.
    private static func time(of text: String) -> Timestamp? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let fields = text.split(separator: " ")
        guard fields.count == 6, fields[0].count == 4, fields[0].last == ",", fields[5] == "GMT",
            let day = number(fields[1], 1...31), let month = months.firstIndex(of: String(fields[2])),
            let year = number(fields[3], 1970...9999)
        else { return nil }
        let time = fields[4].split(separator: ":", omittingEmptySubsequences: false)
        guard time.count == 3, let hour = number(time[0], 0...23), let minute = number(time[1], 0...59),
            let second = number(time[2], 0...60)
        else { return nil }
        let seconds = daysSinceEpoch(year, month + 1, day) * 86_400 + hour * 3600 + minute * 60 + second
        return Timestamp(microseconds: Int64(seconds) * 1_000_000)
    }

    private static func number(_ text: Substring, _ range: ClosedRange<Int>) -> Int? {
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
        return Int(text).flatMap { range ~= $0 ? $0 : nil }
    }

    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`, for years from 1970 on.
    private static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

extension String {
    fileprivate var trimmed: String {
        let start = drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
