import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyRedis

@Suite("Frames of events")
struct BusFrameTests {
    private let sender = BusSenderID(high: 5, low: 5)

    private func frames(of events: [Event]) throws -> [BusFrame] {
        try frames(of: events.map { .event($0) }, in: Sample.channel)
    }

    private func frames(of publications: [Publication], in channel: EventChannel) throws -> [BusFrame] {
        try BusFrame.bodies(of: publications).enumerated().map { index, body in
            let bytes = BusFrame.bytes(
                BusFrame.beginning(of: sender),
                ChannelNumbers.Number(epoch: 2, number: index + 1),
                body: body
            )
            #expect(bytes.count <= BusFrame.maxBytes)
            return try BusFrame(parsing: bytes, of: channel)
        }
    }

    @Test("What goes in comes out, of every kind and in order")
    func roundTrip() throws {
        let frames = try frames(of: Sample.events)
        #expect(
            frames == [
                BusFrame(sender: sender, epoch: 2, number: 1, items: Sample.events.map { .event($0) })
            ]
        )
    }

    @Test("Notices come out between the events that they stood between")
    func notices() throws {
        let publications =
            Sample.events.flatMap { [.event($0), .notice(Sample.projectNotices[0])] }
            + Sample.projectNotices.map(Publication.notice)
        #expect(
            try frames(of: publications, in: Sample.channel).flatMap(\.items)
                == publications.map {
                    switch $0 {
                    case .event(let event): .event(event)
                    case .notice(let notice): .notice(notice)
                    }
                }
        )
        let personal = Sample.personNotices
        #expect(
            try frames(of: personal.map { .notice($0) }, in: .person(Sample.person)).flatMap(\.items)
                == personal.map { .notice($0) }
        )
    }

    @Test("A notice leaves out what its channel says")
    func noticeText() {
        let texts = (Sample.projectNotices + Sample.personNotices).map {
            String(decoding: BusFrame.bodies(of: [.notice($0)])[0], as: UTF8.self)
        }
        #expect(
            texts == [
                #"{"t":"member_left","u":"ada@example.org"}"#, #"{"t":"project_deleted"}"#,
                #"{"t":"member_joined","p":"00000000-0000-0001-0000-000000000001"}"#,
                #"{"t":"signed_out","k":"00000000-0000-0007-0000-000000000007"}"#, #"{"t":"signed_out","k":null}"#,
                #"{"t":"read","c":"00000000-0000-0002-0000-000000000002","q":7}"#,
            ]
        )
    }

    @Test("It can be read by people, and pieces that follow each other stand together")
    func text() {
        let events = [Sample.delta(4, text: "a"), Sample.delta(5, text: "b"), Sample.delta(7, text: "c")]
        let bytes = BusFrame.bytes(
            BusFrame.beginning(of: sender),
            ChannelNumbers.Number(epoch: 2, number: 3),
            body: BusFrame.bodies(of: events).first
        )
        let ids = #""c":"\#(Sample.conversationID)","m":"\#(MessageID(high: 3, low: 3))""#
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"v":1,"s":"\#(sender)","e":2,"n":3,"i":["#
                + #"{"t":"message_delta",\#(ids),"n":4,"x":["a","b"],"at":1767603600123000},"#
                + #"{"t":"message_delta",\#(ids),"n":7,"x":["c"],"at":1767603600123000}]}"#
        )
    }

    @Test("A beacon has a number and nothing else")
    func beacon() throws {
        let number = ChannelNumbers.Number(epoch: 2, number: 3)
        let bytes = BusFrame.bytes(BusFrame.beginning(of: sender), number)
        let frame = try BusFrame(parsing: bytes, of: Sample.channel)
        #expect(frame == BusFrame(sender: sender, epoch: 2, number: 3, items: []))
        #expect(BusFrame.bodies(of: [Event]()).isEmpty)
    }

    @Test("That one before it failed is said by a mark, of frames and of beacons", arguments: [true, false])
    func mark(isBeacon: Bool) throws {
        let number = ChannelNumbers.Number(epoch: 2, number: 3, followsFailure: true)
        let body = isBeacon ? nil : BusFrame.bodies(of: [Sample.delta(0)]).first
        let bytes = BusFrame.bytes(BusFrame.beginning(of: sender), number, body: body)
        #expect(String(decoding: bytes, as: UTF8.self).contains(#""e":2,"n":3,"f":true"#))
        let frame = try BusFrame(parsing: bytes, of: Sample.channel)
        #expect(frame.followsFailure)
        #expect(frame.items.isEmpty == isBeacon)
    }

    @Test("Many events take several frames, each within its limit, in order")
    func splitting() throws {
        let deltas = (0..<3000).map { Sample.delta($0, text: String(repeating: "\u{1}x", count: $0 % 60)) }
        let messages = (0..<20).map {
            Event(.messageAppended(Sample.message(String(repeating: "y", count: 9000 + $0))))
        }
        let events = deltas + messages
        let frames = try frames(of: events)
        #expect(frames.count > 4)
        #expect(frames.flatMap(\.items) == events.map { .event($0) })
    }

    @Test("A large message goes as a reference, also one that only escaping makes large")
    func references() throws {
        let large = [String(repeating: "x", count: 40_000), String(repeating: "\u{1}", count: 10_000)]
        for (text, isUpdate) in [(large[0], false), (large[1], true)] {
            let message = Sample.message(text, revision: 12)
            let change = isUpdate ? Change.messageUpdated(message) : .messageAppended(message)
            let reference = EventReference(
                kind: isUpdate ? .messageUpdated : .messageAppended,
                conversationID: message.conversationID,
                messageID: message.id,
                revision: 12
            )
            #expect(try frames(of: [Event(change)]).flatMap(\.items) == [.reference(reference)])
        }
        let description = String(repeating: "\u{1}", count: 8000)
        let conversation = Sample.conversation(revision: 3, description: description)
        let reference = EventReference(
            kind: .conversationUpdated,
            conversationID: conversation.id,
            messageID: nil,
            revision: 3
        )
        #expect(try frames(of: [Event(.conversationUpdated(conversation))]).flatMap(\.items) == [.reference(reference)])
    }

    @Test("A piece that fits into no frame is said to be lost", arguments: [40_000, 1_000_000])
    func lost(_ count: Int) throws {
        let events = [Sample.delta(0), Sample.delta(1, text: String(repeating: "z", count: count)), Sample.delta(2)]
        let items: [BusItem] = [.event(events[0]), .lost(Sample.conversationID), .event(events[2])]
        #expect(try frames(of: events).flatMap(\.items) == items)
    }

    private static let head = #""s":"00000000-0000-0005-0000-000000000005","e":1,"n":1"#
    private static let foreign = String(
        decoding: BusFrame.bodies(of: [Event(.messageAppended(Sample.message("x", in: .init(high: 8, low: 8))))])[0],
        as: UTF8.self
    )

    @Test(
        "What is no frame is refused whole",
        arguments: [
            "", "{", "[]", "null", "{}", #"{"v":1}"#, #"{"v":"1",\#(head)}"#, #"{"v":1,\#(head),}"#,
            #"{"v":1,\#(head),"v":1}"#, #"{"v":1,\#(head)} "x""#,
            #"{"v":1,"s":"x","e":1,"n":1}"#, #"{"v":1,"s":7,"e":1,"n":1}"#,
            #"{"v":1,"s":"00000000-0000-0005-0000-000000000005","e":0,"n":1}"#,
            #"{"v":1,"s":"00000000-0000-0005-0000-000000000005","e":1,"n":0}"#,
            #"{"v":1,"s":"00000000-0000-0005-0000-000000000005","e":1,"n":1.5}"#,
            #"{"v":1,"s":"00000000-0000-0005-0000-000000000005","e":1,"n":1e3}"#,
            #"{"v":1,"s":"00000000-0000-0005-0000-000000000005","e":1,"n":99999999999999999999}"#,
            #"{"v":1,\#(head),"f":false}"#, #"{"v":1,\#(head),"f":1}"#, #"{"v":1,\#(head),"f":null}"#,
            #"{"v":1,\#(head),"i":{}}"#, #"{"v":1,\#(head),"i":[]}"#, #"{"v":1,\#(head),"i":[1]}"#,
            #"{"v":1,\#(head),"i":[{}]}"#, #"{"v":1,\#(head),"i":[{"t":"new_thing"}]}"#,
            #"{"v":1,\#(head),"i":[{"t":"lost"}]}"#, #"{"v":1,\#(head),"i":[{"t":"lost","c":"x"}]}"#,
            #"{"v":1,\#(head),"i":[{"t":"message_delta"}]}"#,
            #"{"v":1,\#(head),"i":[{"t":"chat_message","x":{}}]}"#,
            #"{"v":1,\#(head),"i":[{"t":"chat_message","c":"00000000-0000-0005-0000-000000000005","r":1}]}"#,
            #"{"v":1,\#(head),"i":[{"t":"conversation_updated","c":"00000000-0000-0005-0000-000000000005"}]}"#,
            #"{"v":1,\#(head),"i":[\#(foreign)]}"#,
            #"{"v":1,\#(head),"i":\#(String(repeating: "[", count: 1000))}"#,
            #"{"v":1,\#(head),"pad":"\#(String(repeating: "x", count: 65_536))"}"#,
        ]
    )
    func broken(_ text: String) {
        #expect(throws: BusFrameFlaw.broken) { try BusFrame(parsing: Array(text.utf8), of: Sample.channel) }
    }

    private static let id = "00000000-0000-0005-0000-000000000005"

    @Test(
        "A flaw in a notice, in who types or in what moved makes a frame useless",
        arguments: [
            #"{"t":"member_left"}"#, #"{"t":"member_left","u":7}"#, #"{"t":"member_left","u":"ada"}"#,
            #"{"t":"member_left","u":"Ada@example.org"}"#,
            // What belongs into a person's channel.
            #"{"t":"member_joined","p":"\#(id)"}"#, #"{"t":"signed_out","k":null}"#,
            #"{"t":"typing","c":"\#(id)","u":"a@b","at":1}"#, #"{"t":"typing","c":"\#(id)","k":"\#(id)","at":1}"#,
            #"{"t":"typing","u":"a@b","k":"\#(id)","at":1}"#, #"{"t":"typing","c":"\#(id)","u":"a@b","k":"\#(id)"}"#,
            #"{"t":"typing","c":"\#(id)","u":"a b@c","k":"\#(id)","at":1}"#,
            #"{"t":"moved_away","c":"\#(id)","at":1}"#, #"{"t":"moved_away","c":"\#(id)","r":-1,"at":1}"#,
            #"{"t":"moved_away","r":1,"at":1}"#, #"{"t":"moved_away","c":"\#(id)","r":1}"#,
        ]
    )
    func brokenItem(_ item: String) {
        let text = #"{"v":1,\#(Self.head),"i":[\#(item)]}"#
        #expect(throws: BusFrameFlaw.broken) { try BusFrame(parsing: Array(text.utf8), of: Sample.channel) }
    }

    @Test(
        "In a person's channel stands what is said to that person, and nothing else",
        arguments: [
            #"{"t":"read","c":"x","q":1}"#, #"{"t":"read","c":"\#(id)"}"#, #"{"t":"read","c":"\#(id)","q":0}"#,
            #"{"t":"member_joined"}"#, #"{"t":"member_joined","p":"x"}"#, #"{"t":"signed_out","k":"x"}"#,
            #"{"t":"signed_out"}"#, #"{"t":"signed_out","k":7}"#, #"{"t":"member_left","u":"ada@example.org"}"#,
            #"{"t":"project_deleted"}"#, #"{"t":"lost","c":"\#(id)"}"#, #"{"t":"new_thing"}"#, "{}", "1",
            #"{"t":"typing","c":"\#(id)","u":"a@b","k":"\#(id)","at":1}"#,
            #"{"t":"conversation_updated","c":"\#(id)","r":1}"#,
            #"{"t":"message_delta","c":"\#(id)","m":"\#(id)","n":0,"x":["a"],"at":0}"#,
        ]
    )
    func brokenPersonItem(_ item: String) {
        let text = #"{"v":1,\#(Self.head),"i":[\#(item)]}"#
        #expect(throws: BusFrameFlaw.broken) {
            try BusFrame(parsing: Array(text.utf8), of: .person(Sample.person))
        }
    }

    @Test("Numbers at the ends of their range crash nothing")
    func extremes() throws {
        let ids = #""c":"\#(Sample.conversationID)","m":"\#(MessageID(high: 3, low: 3))""#
        for first in ["-1", "2147483648", "9223372036854775807"] {
            let text = #"{"v":1,\#(Self.head),"i":[{"t":"message_delta",\#(ids),"n":\#(first),"x":["a","b"],"at":0}]}"#
            #expect(throws: BusFrameFlaw.broken) { try BusFrame(parsing: Array(text.utf8), of: Sample.channel) }
        }
        let text = #"{"v":1,\#(Self.head.dropLast())9223372036854775807}"#
        let frame = try BusFrame(parsing: Array(text.utf8), of: Sample.channel)
        var sequence = SenderSequence()
        for number in [1, frame.number, frame.number, 2] {
            _ = sequence.receive(epoch: 1, number: number, isBeacon: false, followsFailure: false)
        }
        #expect(sequence.state == .known(epoch: 1, number: .max))
    }

    @Test("A later version is told from damage", arguments: [0, 2, 1000])
    func version(_ version: Int) {
        let text = #"{"v":\#(version),"anything":[]}"#
        #expect(throws: BusFrameFlaw.unknownVersion) { try BusFrame(parsing: Array(text.utf8), of: Sample.channel) }
    }

    @Test("Damaged frames are refused or read, and never crash", arguments: 0..<20)
    func fuzz(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let whole = BusFrame.bytes(
            BusFrame.beginning(of: sender),
            ChannelNumbers.Number(epoch: 2, number: 3),
            body: BusFrame.bodies(
                of: Sample.events.map { .event($0) } + Sample.projectNotices.map { .notice($0) }
            )[0]
        )
        var refused = 0
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0...random.place(in: 4) {
                switch random.place(in: 3) {
                case 0: bytes[random.place(in: bytes.count)] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(random.place(in: bytes.count)...)
                default: bytes.remove(at: random.place(in: bytes.count))
                }
                if bytes.isEmpty { bytes = [0] }
            }
            do { _ = try BusFrame(parsing: bytes, of: Sample.channel) } catch { refused += 1 }
        }
        #expect(refused > 200)
    }

    @Test("Damage never makes one person's notice another's, or ends more sign-ins than it says", arguments: 0..<20)
    func fuzzNotice(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let notice = AccessNotice.signedOut(Sample.person, LoginKey(high: 7, low: 7))
        let whole = BusFrame.bytes(
            BusFrame.beginning(of: sender),
            ChannelNumbers.Number(epoch: 2, number: 3),
            body: BusFrame.bodies(of: [.notice(notice)])[0]
        )
        for _ in 0..<300 {
            var bytes = whole
            bytes[random.place(in: bytes.count)] = UInt8.random(in: 0...255, using: &random)
            guard let frame = try? BusFrame(parsing: bytes, of: .person(Sample.person)) else { continue }
            for item in frame.items {
                guard case .notice(.signedOut(Sample.person, _?)) = item else {
                    Issue.record("\(item)")
                    continue
                }
            }
        }
    }
}
