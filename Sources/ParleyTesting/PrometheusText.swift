/// Prometheus' text read back, strictly: what a scraper would stumble over is an error.
public struct PrometheusText: Equatable, Sendable {
    /// One line with a value.
    public struct Sample: Hashable, Sendable {
        /// Its name, `_bucket` and the like included.
        public var name: String
        /// Its labels, unescaped.
        public var labels: [String: String]
        /// Its value as it is written.
        public var value: String

        /// Makes a sample.
        public init(name: String, labels: [String: String] = [:], value: String) {
            self.name = name
            self.labels = labels
            self.value = value
        }
    }

    /// What stands under one `# TYPE`.
    public struct Family: Equatable, Sendable {
        /// Its name.
        public var name: String
        /// Its help, unescaped.
        public var help: String?
        /// `counter`, `gauge` or `histogram`.
        public var type: String
        /// Its samples in their order.
        public var samples: [Sample]

        /// Makes a family.
        public init(name: String, help: String?, type: String, samples: [Sample] = []) {
            self.name = name
            self.help = help
            self.type = type
            self.samples = samples
        }
    }

    /// What is wrong with a text.
    public struct Flaw: Error, CustomStringConvertible {
        let line: String
        let reason: String
        /// What, and where.
        public var description: String { "\(reason): \(line)" }
    }

    /// The families in their order.
    public private(set) var families: [Family] = []

    /// Reads a text.
    public init(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.last == UInt8(ascii: "\n") else { throw Flaw(line: "", reason: "no line feed at the end") }
        var help: (name: String, text: String)?
        var seen: Set<Sample> = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) {
            if line.hasPrefix("# HELP ") {
                let words = line.dropFirst(7).split(separator: " ", maxSplits: 1)
                guard words.count == 2, help == nil else { throw Flaw(line: line, reason: "help") }
                help = (String(words[0]), try Self.unescaped(words[1], line: line))
            } else if line.hasPrefix("# TYPE ") {
                let words = line.dropFirst(7).split(separator: " ").map(String.init)
                guard words.count == 2, ["counter", "gauge", "histogram"].contains(words[1]) else {
                    throw Flaw(line: line, reason: "type")
                }
                guard !families.contains(where: { $0.name == words[0] }) else {
                    throw Flaw(line: line, reason: "a family stands twice")
                }
                guard help == nil || help?.name == words[0] else { throw Flaw(line: line, reason: "help of another") }
                families.append(Family(name: words[0], help: help?.text, type: words[1]))
                help = nil
            } else {
                let sample = try Self.sample(line)
                guard help == nil, let family = families.last, family.has(sample.name) else {
                    throw Flaw(line: line, reason: "not in its family")
                }
                var key = sample
                key.value = ""
                guard seen.insert(key).inserted else { throw Flaw(line: line, reason: "a series stands twice") }
                families[families.count - 1].samples.append(sample)
            }
        }
        for family in families { try family.check() }
    }

    /// The family of a name.
    public subscript(name: String) -> Family? { families.first { $0.name == name } }

    /// The value of a sample.
    public func value(_ name: String, _ labels: [String: String] = [:]) -> String? {
        families.flatMap(\.samples).first { $0.name == name && $0.labels == labels }?.value
    }

    private static func sample(_ line: String) throws -> Sample {
        var rest = Substring(line)
        let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == ":" }
        guard let first = name.first, !first.isNumber, name.allSatisfy(\.isASCII) else {
            throw Flaw(line: line, reason: "name")
        }
        rest = rest.dropFirst(name.count)
        var sample = Sample(name: String(name), value: "")
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" { try label(&rest, into: &sample, line: line) }
            rest = rest.dropFirst()
        }
        guard rest.first == " " else { throw Flaw(line: line, reason: "no space before the value") }
        sample.value = String(rest.dropFirst())
        guard ["+Inf", "-Inf", "NaN"].contains(sample.value) || Double(sample.value)?.isFinite == true else {
            throw Flaw(line: line, reason: "value")
        }
        return sample
    }

    private static func label(_ rest: inout Substring, into sample: inout Sample, line: String) throws {
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard let first = name.first, !first.isNumber, rest.dropFirst(name.count).hasPrefix("=\"") else {
            throw Flaw(line: line, reason: "label")
        }
        // Scalars: a quote may be joined to what follows it into one character.
        let scalars = rest.dropFirst(name.count + 2).unicodeScalars
        var end = scalars.startIndex
        while end < scalars.endIndex, scalars[end] != "\"" {
            end = scalars.index(after: end)
            if scalars[scalars.index(before: end)] == "\\", end < scalars.endIndex { end = scalars.index(after: end) }
        }
        guard end < scalars.endIndex else { throw Flaw(line: line, reason: "a value without an end") }
        let value = try unescaped(Substring(scalars[..<end]), line: line)
        guard sample.labels.updateValue(value, forKey: String(name)) == nil else {
            throw Flaw(line: line, reason: "a label stands twice")
        }
        rest = Substring(scalars[scalars.index(after: end)...])
        if rest.first == "," {
            rest = rest.dropFirst()
        } else if rest.first != "}" {
            throw Flaw(line: line, reason: "labels")
        }
    }

    private static func unescaped(_ text: Substring, line: String) throws -> String {
        var result = ""
        var isEscape = false
        for scalar in text.unicodeScalars {
            switch (isEscape, scalar) {
            case (true, "n"): result += "\n"
            case (true, "\\"), (true, "\""): result.unicodeScalars.append(scalar)
            case (true, _): throw Flaw(line: line, reason: "escape")
            case (false, "\\"): break
            case (false, _): result.unicodeScalars.append(scalar)
            }
            isEscape = !isEscape && scalar == "\\"
        }
        guard !isEscape else { throw Flaw(line: line, reason: "escape") }
        return result
    }
}

extension PrometheusText.Family {
    fileprivate func has(_ sample: String) -> Bool {
        type == "histogram" ? ["_bucket", "_sum", "_count"].contains { name + $0 == sample } : sample == name
    }

    /// The buckets of each series rise, in their bounds and in their counts, up to `+Inf`, which is the count.
    fileprivate func check() throws {
        guard type == "histogram" else { return }
        func flaw(_ reason: String) -> PrometheusText.Flaw { PrometheusText.Flaw(line: name, reason: reason) }
        let buckets = samples.filter { $0.name == name + "_bucket" }
        let series = Dictionary(grouping: buckets) { $0.labels.filter { $0.key != "le" } }
        guard series.count == samples.filter({ $0.name == name + "_count" }).count else { throw flaw("counts") }
        guard series.count == samples.filter({ $0.name == name + "_sum" }).count else { throw flaw("sums") }
        for (labels, buckets) in series {
            let bounds = buckets.map { $0.labels["le"] == "+Inf" ? .infinity : Double($0.labels["le"] ?? "") ?? .nan }
            guard bounds.last == .infinity, zip(bounds, bounds.dropFirst()).allSatisfy({ $0 < $1 }) else {
                throw flaw("bounds")
            }
            let counts = buckets.compactMap { Int($0.value) }
            guard counts.count == buckets.count, zip(counts, counts.dropFirst()).allSatisfy({ $0 <= $1 }) else {
                throw flaw("counts fall")
            }
            let count = samples.first { $0.name == name + "_count" && $0.labels == labels }
            guard count?.value == buckets.last?.value else { throw flaw("count is not +Inf") }
        }
    }
}
