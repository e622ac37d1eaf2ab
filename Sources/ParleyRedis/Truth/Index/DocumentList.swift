internal import RedisWire

/// The numbers of documents that hold a term, ascending and each once.
struct DocumentList: Hashable, Sendable {
    /// The numbers.
    private(set) var numbers: [UInt32] = []

    /// Nothing yet.
    init() {}

    /// The documents in one or several answers, each of them pieces of lists as the index keeps them.
    init(_ lists: [RedisReply]) {
        for piece in lists.lazy.flatMap(\.elements) {
            piece.withText { PostingList.read($0.dropFirst(4), to: &numbers) }
        }
        tidy()
    }

    /// What is in this list and in the other.
    mutating func intersect(_ other: Self) {
        var common: [UInt32] = []
        var (mine, theirs) = (0, 0)
        while mine < numbers.count, theirs < other.numbers.count {
            let (one, two) = (numbers[mine], other.numbers[theirs])
            if one == two { common.append(one) }
            if one <= two { mine += 1 }
            if two <= one { theirs += 1 }
        }
        numbers = common
    }

    // Several lists are one behind the other.
    private mutating func tidy() {
        let isAscending = zip(numbers, numbers.dropFirst()).allSatisfy { $0 <= $1 }
        if !isAscending { numbers.sort() }
        var kept = 0
        for number in numbers where kept == 0 || numbers[kept - 1] != number {
            numbers[kept] = number
            kept += 1
        }
        numbers.removeLast(numbers.count - kept)
    }
}
