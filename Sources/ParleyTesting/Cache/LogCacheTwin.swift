package import ParleyCore
package import ParleyStore

/// What the scripts of the shared cache do, in Swift: for checking every interleaving, and for tests without Redis.
///
/// A list without elements is no list.
package struct LogCacheTwin<Element> {
    /// What a script sees of an element; `nil` of one that is not of our making.
    package typealias Head = @Sendable (Element) -> (revision: Int, tag: LogTag)?

    private let limit: Int
    private let sameness: EntryRule.Sameness
    private let pushMakesLists: Bool
    private let head: Head

    /// Makes the scripts.
    ///
    /// - Parameters:
    ///   - limit: How many elements a list keeps.
    ///   - sameness: `tag` is what Redis runs.
    ///   - pushMakesLists: Whether a push into nothing makes a list where nothing is compared, as a bare LPUSH does.
    ///   - head: Reads an element.
    package init(
        limit: Int,
        sameness: EntryRule.Sameness = .tag,
        pushMakesLists: Bool = true,
        head: @escaping Head
    ) {
        self.limit = limit
        self.sameness = sameness
        self.pushMakesLists = pushMakesLists
        self.head = head
    }

    /// Puts elements, oldest first, before the others; returns what the script returns.
    @discardableResult
    package func push(_ elements: [Element], before: LogTag, revision: Int, to list: inout [Element]) -> Int {
        if sameness == .nothing {
            guard pushMakesLists || !list.isEmpty else { return 0 }
            list = Array((elements.reversed() + list).prefix(limit))
            return 2
        }
        guard let present = headOrNothing(of: &list) else { return 0 }
        let isSame = sameness == .tag ? present.tag == before : present.revision == revision - elements.count
        if isSame {
            list = Array((elements.reversed() + list).prefix(limit))
            return 2
        }
        guard present.revision < revision else { return 3 }
        list = []
        return 1
    }

    /// Makes the list of elements, newest first; returns what the script returns.
    @discardableResult
    package func fill(_ elements: [Element], tag: LogTag, to list: inout [Element]) -> Int {
        if sameness == .tag, headOrNothing(of: &list)?.tag == tag, list.count == elements.count { return 0 }
        list = elements
        return 1
    }

    private func headOrNothing(of list: inout [Element]) -> (revision: Int, tag: LogTag)? {
        guard let first = list.first else { return nil }
        guard let head = head(first) else {
            list = []
            return nil
        }
        return head
    }
}

extension LogCacheTwin<[UInt8]> {
    /// The scripts on elements as Redis holds them.
    package init(limit: Int) {
        self.init(limit: limit) { Self.head(of: $0) }
    }

    /// The pattern that the scripts look for.
    private static func head(of element: [UInt8]) -> (revision: Int, tag: LogTag)? {
        var rest = element[...]
        func take(_ text: String) -> Bool {
            guard rest.starts(with: text.utf8) else { return false }
            rest = rest.dropFirst(text.utf8.count)
            return true
        }
        func run(_ isPart: (UInt8) -> Bool) -> String {
            let run = rest.prefix(while: isPart)
            rest = rest.dropFirst(run.count)
            return String(decoding: run, as: UTF8.self)
        }
        let isDigit = { (byte: UInt8) in 48...57 ~= byte }
        guard take("{\"rev\":"), case let revision = run(isDigit), 1...15 ~= revision.count, take(",\"tag\":\""),
            case let tag = run({ isDigit($0) || 97...102 ~= $0 }), tag.count == 16, take("\",\"seq\":"),
            !run(isDigit).isEmpty, take(",\"message\":{"), let number = Int(revision), let bits = UInt64(tag, radix: 16)
        else { return nil }
        return (number, LogTag(bits: bits))
    }
}
