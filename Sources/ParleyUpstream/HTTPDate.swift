import ParleyCore

extension Timestamp {
    /// The time as HTTP writes dates (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    var httpDate: String {
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        // `1994-11-06T08:49:37.000Z`
        let text = description
        let fields = text.split { !$0.isNumber }.map(String.init)
        let day = microseconds / 86_400_000_000
        let month = (Int(fields[1]) ?? 1) - 1
        let time = fields[3...5].joined(separator: ":")
        return "\(weekdays[Int(day % 7)]), \(fields[2]) \(months[month]) \(fields[0]) \(time) GMT"
    }
}
