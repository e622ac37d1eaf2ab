/// Finds the records of one list again in another, in the same order.
///
/// Of equal records, the first of one list is taken for the first of the other, or the last for the last, whichever finds
/// more: so a list that was cut off at either end is found whole. Takes n log n steps, whatever the lists hold.
enum InOrderMatch {
    /// For each record of `list` its place in `base`, or none.
    static func places<Key: Hashable>(of list: [Key], in base: [Key]) -> [Int?] {
        let forward = longestRise(of: pairs(list, base))
        guard forward.count(where: { $0 != nil }) < min(list.count, base.count) else { return forward }
        let mirrored = longestRise(of: pairs(list.reversed(), base.reversed()))
        let backward = Array(mirrored.map { $0.map { base.count - 1 - $0 } }.reversed())
        let isBetter = backward.count { $0 != nil } > forward.count { $0 != nil }
        return isBetter ? backward : forward
    }

    /// For each record the place of the one that equals it as the same of its kind.
    private static func pairs<Key: Hashable>(_ list: [Key], _ base: [Key]) -> [Int?] {
        var places: [Key: [Int]] = [:]
        for (place, key) in base.enumerated() { places[key, default: []].append(place) }
        var taken: [Key: Int] = [:]
        return list.map { key in
            let count = taken[key, default: 0]
            guard let found = places[key], count < found.count else { return nil }
            taken[key] = count + 1
            return found[count]
        }
    }

    /// Leaves only a longest part in which places rise (patience sorting).
    private static func longestRise(of places: [Int?]) -> [Int?] {
        var tails: [Int] = []
        var before = [Int?](repeating: nil, count: places.count)
        for (index, place) in places.enumerated() {
            guard let place else { continue }
            var low = 0
            var high = tails.count
            while low < high {
                let middle = (low + high) / 2
                if let tail = places[tails[middle]], tail < place { low = middle + 1 } else { high = middle }
            }
            before[index] = low > 0 ? tails[low - 1] : nil
            if low == tails.count { tails.append(index) } else { tails[low] = index }
        }
        var result = [Int?](repeating: nil, count: places.count)
        var next = tails.last
        while let index = next {
            result[index] = places[index]
            next = before[index]
        }
        return result
    }
}
