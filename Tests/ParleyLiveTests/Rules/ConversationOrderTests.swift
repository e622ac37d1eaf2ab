import ParleyTesting
import Testing

@testable import ParleyLive

@Suite("The order of a conversation's events")
struct ConversationOrderTests {
    /// States in which an order can be; 3 to 5 have been passed on, where anything has.
    enum Start: CaseIterable {
        case unknown
        case inStep
        /// 7 and a piece behind it wait for 6.
        case held
        /// The store says 6, and nothing waits.
        case learnt

        func make() -> ConversationOrder<String> {
            var order = ConversationOrder<String>(capacity: 3)
            switch self {
            case .unknown: break
            case .inStep: for revision in 3...5 { _ = order.take("\(revision)", revision: revision) }
            case .held:
                for revision in [3, 4, 5, 7] { _ = order.take("\(revision)", revision: revision) }
                _ = order.take("piece", revision: nil)
            case .learnt:
                for revision in 3...5 { _ = order.take("\(revision)", revision: revision) }
                _ = order.learn(6)
            }
            return order
        }
    }

    enum Event {
        case take(Int)
        case loose
        case learn(Int)
        case filled(Int)
        case giveUp
    }

    struct Row: CustomTestStringConvertible {
        let start: Start
        let event: Event
        let passed: [String]
        let end: String
        var begins = false
        var gaveUp = false

        var testDescription: String { "\(start) \(event)" }
    }

    /// A state in a few words: what was passed on in order, what is known to be there, what waits.
    private func words(_ order: ConversationOrder<String>) -> String {
        switch order.state {
        case .unknown: "unknown"
        case .inStep(let first, let last): "\(first)...\(last)"
        case .missing(let first, let last, let until, let held):
            "\(first)...\(last) <\(until) \(held.map(\.element).joined(separator: " "))"
        }
    }

    static let rows: [Row] = [
        Row(start: .unknown, event: .take(4), passed: ["4"], end: "4...4"),
        Row(start: .unknown, event: .loose, passed: ["x"], end: "unknown"),
        Row(start: .unknown, event: .learn(4), passed: [], end: "5...4"),
        Row(start: .unknown, event: .filled(4), passed: [], end: "unknown"),
        Row(start: .unknown, event: .giveUp, passed: [], end: "unknown"),

        Row(start: .inStep, event: .take(2), passed: ["2"], end: "3...5"),
        Row(start: .inStep, event: .take(3), passed: [], end: "3...5"),
        Row(start: .inStep, event: .take(5), passed: [], end: "3...5"),
        Row(start: .inStep, event: .take(6), passed: ["6"], end: "3...6"),
        Row(start: .inStep, event: .take(7), passed: [], end: "3...5 <7 7", begins: true),
        Row(start: .inStep, event: .loose, passed: ["x"], end: "3...5"),
        Row(start: .inStep, event: .learn(4), passed: [], end: "3...5"),
        Row(start: .inStep, event: .learn(5), passed: [], end: "3...5"),
        Row(start: .inStep, event: .learn(8), passed: [], end: "3...5 <8 ", begins: true),
        Row(start: .inStep, event: .filled(4), passed: [], end: "3...5"),
        Row(start: .inStep, event: .filled(8), passed: [], end: "3...8"),
        Row(start: .inStep, event: .giveUp, passed: [], end: "unknown"),

        Row(start: .held, event: .take(2), passed: ["2"], end: "3...5 <7 7 piece"),
        Row(start: .held, event: .take(5), passed: [], end: "3...5 <7 7 piece"),
        Row(start: .held, event: .take(7), passed: [], end: "3...5 <7 7 piece"),
        Row(start: .held, event: .take(6), passed: ["6", "7", "piece"], end: "3...7"),
        Row(start: .held, event: .take(8), passed: [], end: "3...5 <8 7 piece 8"),
        Row(start: .held, event: .take(9), passed: [], end: "3...5 <9 7 piece 9"),
        Row(start: .held, event: .loose, passed: [], end: "3...5 <7 7 piece x"),
        Row(start: .held, event: .learn(6), passed: [], end: "3...5 <7 7 piece"),
        Row(start: .held, event: .learn(9), passed: [], end: "3...5 <9 7 piece"),
        Row(start: .held, event: .filled(4), passed: [], end: "3...5 <7 7 piece"),
        Row(start: .held, event: .filled(6), passed: ["7", "piece"], end: "3...7"),
        Row(start: .held, event: .filled(7), passed: ["piece"], end: "3...7"),
        Row(start: .held, event: .filled(9), passed: ["piece"], end: "3...9"),
        Row(start: .held, event: .giveUp, passed: ["7", "piece"], end: "unknown"),

        Row(start: .learnt, event: .take(2), passed: ["2"], end: "3...5 <6 "),
        Row(start: .learnt, event: .take(5), passed: [], end: "3...5 <6 "),
        Row(start: .learnt, event: .take(6), passed: ["6"], end: "3...6"),
        Row(start: .learnt, event: .take(7), passed: [], end: "3...5 <7 7"),
        Row(start: .learnt, event: .loose, passed: [], end: "3...5 <6 x"),
        Row(start: .learnt, event: .learn(5), passed: [], end: "3...5 <6 "),
        Row(start: .learnt, event: .learn(8), passed: [], end: "3...5 <8 "),
        Row(start: .learnt, event: .filled(5), passed: [], end: "3...5 <6 "),
        Row(start: .learnt, event: .filled(6), passed: [], end: "3...6"),
        Row(start: .learnt, event: .filled(8), passed: [], end: "3...8"),
        Row(start: .learnt, event: .giveUp, passed: [], end: "unknown"),
    ]

    @Test("Every event in every state", arguments: rows)
    func table(row: Row) {
        var order = row.start.make()
        var step = ConversationOrder<String>.Step()
        switch row.event {
        case .take(let revision): step = order.take("\(revision)", revision: revision)
        case .loose: step = order.take("x", revision: nil)
        case .learn(let revision): step = order.learn(revision)
        case .filled(let revision): step = order.filled(to: revision)
        case .giveUp: step.passed = order.giveUp()
        }
        #expect(step.passed == row.passed)
        #expect(step.beginsToMiss == row.begins)
        #expect(step.gaveUp == row.gaveUp)
        #expect(words(order) == row.end)
    }

    @Test("Too much that waits is passed on, and what is missing as it comes")
    func overflow() {
        var order = Start.held.make()
        let third = order.take("8", revision: 8)
        #expect(third.passed.isEmpty)
        let fourth = order.take("10", revision: 10)
        #expect(fourth.passed == ["7", "piece", "8", "10"])
        #expect(fourth.gaveUp)
        #expect(words(order) == "11...10")
        let late = order.take("6", revision: 6)
        #expect(late.passed == ["6"])
        let next = order.take("11", revision: 11)
        #expect(next.passed == ["11"])
    }

    @Test("What makes room by coming is no overflow")
    func lastPlace() {
        var order = Start.held.make()
        _ = order.take("8", revision: 8)
        let step = order.take("6", revision: 6)
        #expect(step.passed == ["6", "7", "piece", "8"])
        #expect(!step.gaveUp)
    }

    @Test("What is in order behind a revision", arguments: [(1, false), (2, true), (3, true), (5, true), (9, true)])
    func isInOrder(revision: Int, isInOrder: Bool) {
        for start in [Start.inStep, .held, .learnt] { #expect(start.make().isInOrder(behind: revision) == isInOrder) }
        #expect(!Start.unknown.make().isInOrder(behind: revision))
    }

    /// Revisions 1 to 60, each with pieces behind it, come out of order, some twice, some never, and now and then the store
    /// is asked.
    @Test("However events come, they go out rising, none twice, and all of them", arguments: 0..<200 as Range<UInt64>)
    func property(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        enum Item: Hashable {
            case change(Int)
            case piece(behind: Int, Int)
        }
        var order = ConversationOrder<Item>(capacity: 1000)
        var passed: [Item] = []
        var committed = 0
        // Near one another, as what was committed one after another is.
        var sent: [(time: Int, item: Item)] = []
        for revision in 1...60 {
            let isLost = revision > 1 && random.oneIn(8)
            let time = revision * 10 + random.place(in: 40)
            if !isLost { sent.append((time, .change(revision))) }
            if random.oneIn(6) { sent.append((time + random.place(in: 80), .change(revision))) }
            // The pieces of one process stand behind the change it published.
            for index in 0..<random.place(in: 3) where !isLost {
                sent.append((time + 1 + index, .piece(behind: revision, index)))
            }
        }
        sent.sort { $0.time < $1.time }
        // The first is where the order begins.
        sent.insert((0, .change(1)), at: 0)
        for (_, item) in sent {
            let step =
                switch item {
                case .change(let revision): order.take(item, revision: revision)
                case .piece: order.take(item, revision: nil)
                }
            if case .change(let revision) = item { committed = max(committed, revision) }
            #expect(!step.gaveUp)
            passed += step.passed
            if order.missing != nil, random.oneIn(4) { fill() }
            if random.oneIn(10) { passed += order.learn(committed).passed }
        }
        committed = 60
        passed += order.learn(60).passed
        while order.missing != nil { fill() }

        func fill() {
            guard let last = order.last else { return }
            let until = Int.random(in: last...committed, using: &random)
            passed += (last + 1..<until + 1).map { .change($0) }
            passed += order.filled(to: until).passed
        }

        let revisions = passed.compactMap { if case .change(let revision) = $0 { revision } else { nil } }
        #expect(revisions == Array(1...60))
        #expect(
            passed.count { if case .piece = $0 { true } else { false } }
                == sent.count { if case .piece = $0.item { true } else { false } }
        )
        for (offset, item) in passed.enumerated() {
            guard case .piece(let revision, _) = item else { continue }
            let before = passed[..<offset].contains(.change(revision))
            #expect(before, "A piece went out before its change \(revision)")
        }
    }
}
