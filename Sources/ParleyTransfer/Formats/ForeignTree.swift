internal import ParleyCore

/// A tree of messages without those that bring nothing: what followed them follows what they followed.
///
/// Whatever the source says of parents, the result is a tree: who names a parent that isn't there, or himself in a circle,
/// begins. Takes time in proportion to the nodes, and never recurses.
struct ForeignTree {
    /// For each node the nearest message above it.
    private(set) var parents: [Int?]
    /// For each message those below it, oldest first.
    private(set) var children: [[Int]]
    /// Messages with none above them, oldest first.
    private(set) var roots: [Int]
    /// For each message the time of the newest in its branch.
    private var newest: [Timestamp]
    private let nodes: [ForeignNode]

    init(_ nodes: [ForeignNode]) {
        self.nodes = nodes
        var places: [String: Int] = [:]
        for (index, node) in nodes.enumerated() where places[node.id] == nil { places[node.id] = index }
        var named = nodes.map { node in node.parent.flatMap { places[$0] } }
        Self.cutCircles(&named)
        let order = Self.parentsFirst(named)
        parents = Array(repeating: nil, count: nodes.count)
        children = Array(repeating: [], count: nodes.count)
        newest = nodes.map { $0.message?.createdAt ?? Timestamp(microseconds: .min) }
        roots = []
        for index in order {
            guard let parent = named[index] else { continue }
            parents[index] = nodes[parent].message == nil ? parents[parent] : parent
        }
        for index in order.reversed() {
            if let parent = parents[index] { newest[parent] = max(newest[parent], newest[index]) }
        }
        for index in nodes.indices where nodes[index].message != nil {
            if let parent = parents[index] { children[parent].append(index) } else { roots.append(index) }
        }
        for index in children.indices where children[index].count > 1 { children[index].sort(by: isOlder) }
        roots.sort(by: isOlder)
    }

    /// The messages from the first to the one that was on screen.
    func path(to current: String?) -> [Int] {
        let place = current.flatMap { current in nodes.firstIndex { $0.id == current } }
        guard let place else { return branch(from: nil) }
        var path: [Int] = []
        var next = nodes[place].message == nil ? parents[place] : place
        while let index = next {
            path.append(index)
            next = parents[index]
        }
        // One that leads to nothing says nothing.
        return path.isEmpty ? branch(from: nil) : path.reversed()
    }

    /// The messages from one on, or from the first on, that lead to the newest.
    func branch(from start: Int?) -> [Int] {
        var path = start.map { [$0] } ?? []
        while true {
            let next = (path.last.map { children[$0] } ?? roots).max { newest[$0] < newest[$1] }
            guard let next else { return path }
            path.append(next)
        }
    }

    private func isOlder(_ first: Int, _ second: Int) -> Bool {
        let (one, other) = (nodes[first].message?.createdAt, nodes[second].message?.createdAt)
        guard let one, let other, one != other else { return first < second }
        return one < other
    }

    /// Takes the parent from one node of each circle.
    private static func cutCircles(_ parents: inout [Int?]) {
        /// In which walk a node was seen; 0 is none.
        var walks = Array(repeating: 0, count: parents.count)
        for start in parents.indices where walks[start] == 0 {
            var index = start
            walks[index] = start + 1
            while let parent = parents[index] {
                if walks[parent] == start + 1 {
                    parents[index] = nil
                    break
                }
                if walks[parent] != 0 { break }
                walks[parent] = start + 1
                index = parent
            }
        }
    }

    private static func parentsFirst(_ parents: [Int?]) -> [Int] {
        var below: [[Int]] = Array(repeating: [], count: parents.count)
        var order: [Int] = []
        for (index, parent) in parents.enumerated() {
            if let parent { below[parent].append(index) } else { order.append(index) }
        }
        var next = 0
        while next < order.count {
            order += below[order[next]]
            next += 1
        }
        return order
    }
}

extension ForeignNode {
    var message: ForeignMessage? {
        if case .message(let message) = content { message } else { nil }
    }
}
