import Foundation
import Hummingbird
import ParleyCore

/// The query of a URL, read one by one with errors that name the parameter.
struct Query {
    private let parameters: [String: String]

    /// Reads a query as browsers write it.
    ///
    /// `+` stands for a space; of two parameters with one name, the first counts.
    init(_ request: Request) {
        let pairs = (request.uri.query ?? "").utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                .map { Self.decode(Substring($0)) }
            return (halves[0], halves.count > 1 ? halves[1] : "")
        }
        parameters = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    private static func decode(_ text: Substring) -> String {
        // Few have anything to decode, and it takes longer than all the rest.
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "%") }) else {
            return String(text)
        }
        let text = text.replacing("+", with: " ")
        return text.removingPercentEncoding ?? String(text)
    }

    func text(_ name: String) -> String? {
        parameters[name]
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(ParleyError) -> Int? {
        guard let text = parameters[name] else { return nil }
        guard let value = Int(text), !text.hasPrefix("+"), range ~= value else {
            let bounds =
                range.upperBound == .max
                ? "an integer from \(range.lowerBound) on"
                : "an integer from \(range.lowerBound) to \(range.upperBound)"
            throw .invalid(name, "\(name) must be \(bounds).")
        }
        return value
    }

    /// One of an enumeration's raw values.
    func choice<Choice>(
        _ name: String,
        of: Choice.Type = Choice.self
    ) throws(ParleyError) -> Choice? where Choice: RawRepresentable<String> & CaseIterable {
        guard let text = parameters[name] else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw .invalid(name, "\(name) must be one of: \(Choice.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return choice
    }

    /// `true` or `false`.
    func bool(_ name: String) throws(ParleyError) -> Bool? {
        guard let text = parameters[name] else { return nil }
        guard let value = Bool(text) else { throw .invalid(name, "\(name) must be true or false.") }
        return value
    }

    /// How many: 1 to 100, 50 where it is left out.
    func limit() throws(ParleyError) -> Int {
        try integer("limit", in: Limits.pageSizes) ?? Limits.pageSize
    }

    func page() throws(ParleyError) -> PageRequest {
        let limit = try limit()
        guard let text = parameters["cursor"] else { return PageRequest(limit: limit) }
        guard let cursor = Cursor(text) else { throw .invalid("cursor", "cursor is not one that a list gave out.") }
        return PageRequest(limit: limit, after: cursor)
    }

    /// The id of something that should exist: what is no id names nothing.
    func reference<Entity>(_ name: String) throws(ParleyError) -> ID<Entity>? {
        guard let text = parameters[name] else { return nil }
        guard let id = ID<Entity>(text) else { throw .notFound }
        return id
    }

    /// Whether messages are to come with their HTML.
    func rendering() throws(ParleyError) -> Rendering? {
        try choice("render")
    }

    func expectedRevision() throws(ParleyError) -> Int? {
        try integer("expected_revision", in: 0...Int.max)
    }
}
