internal import ParleyCore

extension Timestamp {
    /// Reads a time as legacy programs wrote it: ISO 8601 with or without zone (none means UTC), or a number of seconds or
    /// milliseconds since 1970; `nil` for anything else, and for what lies before 1970.
    init?(legacy value: JSON?) {
        switch value {
        case .number(let number):
            guard let seconds = number.doubleValue, seconds > 0, seconds < 1e14 else { return nil }
            // 1e11 seconds are in the year 5138, 1e11 milliseconds in 1973.
            let milliseconds = seconds < 1e11 ? seconds * 1000 : seconds
            self.init(microseconds: Int64(milliseconds) * 1000)
        case .string(let text):
            self.init(iso8601: text)
        default: return nil
        }
    }

    /// `2024-05-01T09:14:00`, with `T` or a space, a fraction or none, and `Z`, an offset or none; or a day alone.
    private init?(iso8601 text: String) {
        guard text.utf8.count <= 40 else { return nil }
        var rest = Substring(text)
        guard let day = rest.take(10) else { return nil }
        guard !rest.isEmpty else {
            guard let time = Timestamp("\(day)T00:00:00.000Z"), time.microseconds >= 0 else { return nil }
            self = time
            return
        }
        guard let separator = rest.take(1), separator == "T" || separator == " " || separator == "t" else { return nil }
        guard var clock = rest.take(5) else { return nil }
        if rest.first == ":" { clock += rest.take(3) ?? "" } else { clock += ":00" }
        var fraction: Int64 = 0
        if rest.first == "." || rest.first == "," {
            rest.removeFirst()
            let digits = rest.prefix { "0"..."9" ~= $0 }
            guard !digits.isEmpty else { return nil }
            rest.removeFirst(digits.count)
            let padded = (digits + "000000").prefix(6)
            guard let value = Int64(padded) else { return nil }
            fraction = value
        }
        guard let offset = rest.zone, let whole = Timestamp("\(day)T\(clock).000Z") else { return nil }
        let microseconds = whole.microseconds + fraction - offset * 60_000_000
        guard microseconds >= 0 else { return nil }
        self.init(microseconds: microseconds)
    }
}

extension Substring {
    fileprivate mutating func take(_ count: Int) -> String? {
        guard self.count >= count else { return nil }
        defer { removeFirst(count) }
        return String(prefix(count))
    }

    /// The minutes that a zone is ahead of UTC; none is UTC.
    fileprivate var zone: Int64? {
        if isEmpty || self == "Z" || self == "z" { return 0 }
        guard let sign = first, sign == "+" || sign == "-" else { return nil }
        let digits = dropFirst().filter { $0 != ":" }
        guard digits.count == 2 || digits.count == 4, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
            let hours = Int64(digits.prefix(2)), hours < 24,
            let minutes = Int64("0" + digits.dropFirst(2)), minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (sign == "-" ? -1 : 1)
    }
}
