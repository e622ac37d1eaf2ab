import NIOCore
import Testing

@testable import WebSocketWire

struct SendQueueTests {
    /// What a queue did with something, or gave back.
    enum Did: Equatable {
        case write(Int), waits, overflowed(Int), dropped, refused
        case data(Int), substitute, control(Int), close(Int), none
    }

    enum Step: Sendable {
        /// A data frame of ten bytes; the limit is 30.
        case offer(Int, writable: Bool, buffered: Int = 0)
        case ping(Int, writable: Bool)
        case pong(Int, writable: Bool)
        case close(Int, writable: Bool)
        case next
        case shut
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let steps: [Step]
        let results: [Did]

        init(_ description: String, _ steps: [Step], _ results: [Did]) {
            testDescription = description
            self.steps = steps
            self.results = results
        }
    }

    private static let waiting: [Step] = [.offer(1, writable: false)]
    private static let overflowed: [Step] = (1...4).map { .offer($0, writable: false) }
    private static let overflow: [Did] = [.waits, .waits, .waits, .overflowed(4)]
    private static let closing: [Step] = [.offer(1, writable: false), .close(9, writable: false)]

    @Test(arguments: [
        // Nothing waits.
        Row("through", [.offer(1, writable: true), .next], [.write(1), .none]),
        Row("wait", [.offer(1, writable: false), .next, .next], [.waits, .data(1), .none]),
        Row("ping through", [.ping(1, writable: true)], [.write(1)]),
        Row("ping waits", [.ping(1, writable: false), .next, .next], [.waits, .control(1), .none]),
        Row("pong through", [.pong(1, writable: true)], [.write(1)]),
        Row("pong waits", [.pong(1, writable: false), .next, .next], [.waits, .control(1), .none]),
        Row("close through", [.close(1, writable: true), .next], [.write(1), .none]),
        Row("close waits", [.close(1, writable: false), .next, .next], [.waits, .close(1), .none]),
        // The channel's own buffer counts.
        Row("buffered", [.offer(1, writable: false, buffered: 20), .next], [.waits, .data(1)]),
        Row("buffered too much", [.offer(1, writable: false, buffered: 21), .next], [.overflowed(1), .substitute]),
        // Something waits.
        Row("behind", waiting + [.offer(2, writable: true), .next, .next], [.waits, .waits, .data(1), .data(2)]),
        Row(
            "ping before data",
            waiting + [.ping(2, writable: false), .next, .next],
            [.waits, .waits, .control(2), .data(1)]
        ),
        Row("ping while draining", waiting + [.ping(2, writable: true), .next], [.waits, .write(2), .data(1)]),
        Row(
            "latest ping",
            waiting + [.ping(2, writable: false), .ping(3, writable: false), .next, .next],
            [.waits, .waits, .waits, .control(3), .data(1)]
        ),
        Row(
            "latest pong",
            waiting + [.pong(2, writable: false), .pong(3, writable: false), .next, .next],
            [.waits, .waits, .waits, .control(3), .data(1)]
        ),
        Row(
            "close behind data",
            waiting + [.close(2, writable: true), .next, .next, .next],
            [.waits, .waits, .data(1), .close(2), .none]
        ),
        // As much waits as may.
        Row("overflow", overflowed + [.next, .next], overflow + [.substitute, .none]),
        Row(
            "dropped meanwhile",
            overflowed + [.offer(5, writable: true), .next, .next],
            overflow + [.dropped, .substitute, .none]
        ),
        Row(
            "again after the substitute",
            overflowed + [.next, .offer(5, writable: true)],
            overflow + [.substitute, .write(5)]
        ),
        Row(
            "waits after the substitute",
            overflowed + [.next, .offer(5, writable: false), .next],
            overflow + [.substitute, .waits, .data(5)]
        ),
        Row(
            "ping before the substitute",
            overflowed + [.ping(5, writable: false), .next, .next],
            overflow + [.waits, .control(5), .substitute]
        ),
        Row(
            "pong before the substitute",
            overflowed + [.pong(5, writable: false), .next, .next],
            overflow + [.waits, .control(5), .substitute]
        ),
        Row(
            "close behind the substitute",
            overflowed + [.close(5, writable: true), .next, .next, .next],
            overflow + [.waits, .substitute, .close(5), .none]
        ),
        // A Close frame waits, or has gone.
        Row(
            "nothing behind close",
            closing + [
                .offer(2, writable: true), .ping(3, writable: true), .pong(4, writable: true),
                .close(5, writable: true),
                .next, .next, .next,
            ],
            [.waits, .waits, .refused, .refused, .refused, .refused, .data(1), .close(9), .none]
        ),
        Row(
            "nothing after close",
            [
                .close(9, writable: true), .offer(2, writable: true), .ping(3, writable: true),
                .pong(4, writable: true),
                .close(5, writable: true), .next,
            ],
            [.write(9), .refused, .refused, .refused, .refused, .none]
        ),
        // Shut: whoever shuts writes the Close frame, unless it has gone already.
        Row("shut", [.shut, .offer(1, writable: true), .next], [.close(0), .refused, .none]),
        Row("shut with data", waiting + [.shut, .next, .shut], [.waits, .close(0), .none, .none]),
        Row(
            "shut in overflow",
            overflowed + [.shut, .offer(5, writable: true), .next],
            overflow + [.close(0), .refused, .none]
        ),
        Row("shut before close", closing + [.shut, .next], [.waits, .waits, .close(0), .none]),
        Row("shut after close", [.close(9, writable: true), .shut, .next], [.write(9), .none, .none]),
    ])
    func `every state and event`(row: Row) {
        var queue = SendQueue<Int>()
        var results: [Did] = []
        for step in row.steps { results.append(Self.take(step, &queue)) }
        #expect(results == row.results)
    }

    /// What the peer gets is what was offered, in order, with a substitute in each place where something is missing.
    @Test(arguments: 0..<40)
    func `nothing is lost in silence`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var queue = SendQueue<Int>()
        var offered = 0
        var received: [Did] = []
        // What was offered and dropped since the last substitute.
        var missing = Set<Int>()
        for _ in 0..<2_000 {
            let writable = Bool.random(using: &generator)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<7:
                offered += 1
                switch Self.take(.offer(offered, writable: writable, buffered: writable ? 0 : 5), &queue) {
                case .write(let frame): received.append(.data(frame))
                case .overflowed, .dropped: missing.insert(offered)
                default: break
                }
            default:
                let next = Self.take(.next, &queue)
                if next == .substitute { missing = [] }
                if next != .none { received.append(next) }
            }
            #expect(queue.waitingBytes <= 30)
            #expect(missing.isEmpty || queue.isOverflowed)
        }
        while case let next = Self.take(.next, &queue), next != .none { received.append(next) }
        #expect(queue.isEmpty && queue.waitingBytes == 0)
        var last = 0
        var isCovered = false
        for one in received {
            guard case .data(let frame) = one else {
                isCovered = true
                continue
            }
            #expect(frame > last)
            #expect(frame == last + 1 || isCovered)
            last = frame
            isCovered = false
        }
        #expect(last == offered || isCovered)
    }

    @Test func `a peer that takes nothing after the overflow is stalled, one that takes a little is not`() {
        func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }
        func isStalled(_ queue: inout SendQueue<Int>, _ seconds: Int64, buffered: Int) -> Bool {
            queue.isStalled(now: at(seconds), buffered: buffered, timeout: .seconds(10))
        }
        var queue = SendQueue<Int>()
        var stalled = isStalled(&queue, 100, buffered: 60)
        #expect(!stalled)
        _ = queue.offer(1, bytes: 10, isWritable: false, buffered: 60, limit: 60, now: at(100))
        for (seconds, buffered, expected) in [(105, 60, false), (109, 60, false), (110, 60, true)]
            as [(Int64, Int, Bool)]
        {
            stalled = isStalled(&queue, seconds, buffered: buffered)
            #expect(stalled == expected)
        }
        for (seconds, buffered, expected) in [
            (111, 59, false), (120, 59, false), (121, 59, true), (122, 58, false), (123, 70, false), (131, 70, false),
            (132, 70, true),
        ] as [(Int64, Int, Bool)] {
            stalled = isStalled(&queue, seconds, buffered: buffered)
            #expect(stalled == expected)
        }
        _ = queue.next()
        stalled = isStalled(&queue, 1_000, buffered: 70)
        #expect(!stalled)
    }

    private static func take(_ step: Step, _ queue: inout SendQueue<Int>) -> Did {
        switch step {
        case .offer(let frame, let writable, let buffered):
            did(
                queue.offer(
                    frame,
                    bytes: 10,
                    isWritable: writable,
                    buffered: buffered,
                    limit: 30,
                    now: .uptimeNanoseconds(0)
                )
            )
        case .ping(let frame, let writable): did(queue.offerPing(frame, isWritable: writable))
        case .pong(let frame, let writable): did(queue.offerPong(frame, isWritable: writable))
        case .close(let frame, let writable): did(queue.offerClose(frame, isWritable: writable))
        case .next:
            switch queue.next() {
            case .data(let frame): .data(frame)
            case .control(let frame): .control(frame)
            case .close(let frame): .close(frame)
            case .substitute: .substitute
            case nil: .none
            }
        case .shut: queue.shut() ? .close(0) : .none
        }
    }

    private static func did(_ offer: SendQueue<Int>.Offer) -> Did {
        switch offer {
        case .write(let frame): .write(frame)
        case .waits: .waits
        case .overflowed(let dropped): .overflowed(dropped)
        case .dropped: .dropped
        case .refused: .refused
        }
    }
}
