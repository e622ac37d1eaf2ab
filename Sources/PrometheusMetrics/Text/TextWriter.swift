/// Writes families in the text format 0.0.4.
struct TextWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func head(_ name: String, help: String, type: String) {
        if !help.isEmpty { append("# HELP \(name) \(escaped(help, quotes: false))\n") }
        append("# TYPE \(name) \(type)\n")
    }

    mutating func sample(_ name: String, _ labels: String, _ value: Number) {
        append(name)
        if !labels.isEmpty { append("{\(labels)}") }
        append(" \(value)\n")
    }

    mutating func histogram(_ name: String, _ labels: String, bounds: [Double], _ reading: HistogramReading) {
        let before = labels.isEmpty ? "{le=\"" : "{\(labels),le=\""
        var sum = 0
        for (index, count) in reading.counts.enumerated() {
            sum += count
            let bound = index < bounds.count ? Number.real(bounds[index]) : .real(.infinity)
            append("\(name)_bucket\(before)\(bound)\"} \(sum)\n")
        }
        sample(name + "_sum", labels, .real(reading.sum))
        sample(name + "_count", labels, .integer(sum))
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }
}

/// A value, as Go's `ParseFloat` reads it.
enum Number: CustomStringConvertible {
    case integer(Int)
    case real(Double)

    var double: Double {
        switch self {
        case .integer(let value): Double(value)
        case .real(let value): value
        }
    }

    var description: String {
        switch self {
        case .integer(let value): "\(value)"
        case .real(let value) where value.isNaN: "NaN"
        case .real(let value) where value.isInfinite: value > 0 ? "+Inf" : "-Inf"
        case .real(let value) where value.magnitude <= 9_007_199_254_740_992 && value.rounded() == value:
            "\(Int(value))"
        case .real(let value): "\(value)"
        }
    }
}
