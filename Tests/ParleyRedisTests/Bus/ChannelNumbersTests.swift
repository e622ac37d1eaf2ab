import ParleyCore
import Testing

@testable import ParleyRedis

@Suite("The numbers of frames")
struct ChannelNumbersTests {
    private let one = EventChannel.project(ProjectID(high: 0, low: 1))
    private let two = EventChannel.person(Sample.person)

    private func number(_ epoch: Int, _ number: Int, marked: Bool = false) -> ChannelNumbers.Number {
        ChannelNumbers.Number(epoch: epoch, number: number, followsFailure: marked)
    }

    @Test("Each channel counts for itself, from 1 on")
    func counting() {
        var numbers = ChannelNumbers()
        #expect(numbers.next(for: one, at: .zero) == number(1, 1))
        #expect(numbers.next(for: one, at: .zero) == number(1, 2))
        #expect(numbers.next(for: two, at: .zero) == number(2, 1))
        #expect(numbers.next(for: one, at: .zero) == number(1, 3))
    }

    @Test("Two beacons follow the last frame, then the channel is forgotten and begins anew")
    func beacons() {
        var numbers = ChannelNumbers(interval: .seconds(2))
        _ = numbers.next(for: one, at: .zero)
        _ = numbers.next(for: one, at: .seconds(1))
        #expect(numbers.dueBeacons(at: .seconds(2)).isEmpty)
        #expect(numbers.dueBeacons(at: .seconds(3)).map(\.number) == [number(1, 2)])
        // Failed: it stays due.
        #expect(numbers.dueBeacons(at: .seconds(4)).map(\.number) == [number(1, 2)])
        numbers.beaconSucceeded(for: one, at: .seconds(4))
        #expect(numbers.dueBeacons(at: .seconds(7)).isEmpty)
        #expect(numbers.dueBeacons(at: .seconds(8)).map(\.number) == [number(1, 2)])
        numbers.beaconSucceeded(for: one, at: .seconds(8))
        #expect(numbers.count == 0)
        #expect(numbers.dueBeacons(at: .seconds(100)).isEmpty)
        #expect(numbers.next(for: one, at: .seconds(100)) == number(2, 1))
    }

    @Test("Of many beacons some go at once, and the others as soon as somebody asks")
    func manyBeacons() {
        var numbers = ChannelNumbers(interval: .seconds(2))
        for index in 1...5 { _ = numbers.next(for: .project(ProjectID(high: 0, low: UInt64(index))), at: .zero) }
        var told: Set<EventChannel> = []
        for count in [2, 2, 1, 0] {
            let beacons = numbers.dueBeacons(at: .seconds(2), atMost: 2)
            #expect(beacons.count == count)
            for beacon in beacons {
                told.insert(beacon.channel)
                numbers.beaconSucceeded(for: beacon.channel, at: .seconds(2))
            }
        }
        #expect(told.count == 5)
    }

    @Test("After a frame that failed the beacon doesn't wait, unless a later frame went through")
    func failedFrame() {
        var numbers = ChannelNumbers(interval: .seconds(2))
        _ = numbers.next(for: one, at: .zero)
        numbers.failed(for: one)
        #expect(numbers.dueBeacons(at: .milliseconds(1)).map(\.number) == [number(1, 1, marked: true)])
        // Looked for once in a second only, and then again until it succeeds.
        #expect(numbers.dueBeacons(at: .milliseconds(2)).isEmpty)
        #expect(numbers.dueBeacons(at: .milliseconds(1001)).count == 1)
        numbers.beaconSucceeded(for: one, at: .milliseconds(1001))
        #expect(numbers.dueBeacons(at: .milliseconds(2500)).isEmpty)
        _ = numbers.next(for: one, at: .seconds(3))
        numbers.failed(for: one)
        #expect(numbers.next(for: one, at: .seconds(3)) == number(1, 3, marked: true))
        #expect(numbers.dueBeacons(at: .seconds(4)).isEmpty)
        #expect(numbers.dueBeacons(at: .seconds(5)).map(\.number) == [number(1, 3)])
    }

    @Test("A frame between two beacons makes both due again")
    func frameBetweenBeacons() {
        var numbers = ChannelNumbers(interval: .seconds(2))
        _ = numbers.next(for: one, at: .zero)
        #expect(numbers.dueBeacons(at: .seconds(2)).count == 1)
        numbers.beaconSucceeded(for: one, at: .seconds(2))
        _ = numbers.next(for: one, at: .seconds(3))
        #expect(numbers.dueBeacons(at: .seconds(5)).map(\.number) == [number(1, 2)])
        numbers.beaconSucceeded(for: one, at: .seconds(5))
        #expect(numbers.count == 1)
    }

    @Test("One too many makes room, and from then on each beginning shows that something may be missing")
    func capacity() {
        var numbers = ChannelNumbers(capacity: 8)
        for index in 1...9 {
            _ = numbers.next(for: .project(ProjectID(high: 0, low: UInt64(index))), at: .seconds(index))
        }
        #expect(numbers.count == 8)
        // The first was silent for longest.
        #expect(numbers.next(for: one, at: .seconds(10)).number == 2)
        #expect(numbers.next(for: .project(ProjectID(high: 0, low: 9)), at: .seconds(10)).number == 3)
    }

    @Test("Lost track shows in the channels that are known and in those that are not")
    func lostTrack() {
        var numbers = ChannelNumbers()
        _ = numbers.next(for: one, at: .zero)
        numbers.loseTrack()
        #expect(numbers.next(for: one, at: .zero) == number(1, 3, marked: true))
        #expect(numbers.next(for: one, at: .zero) == number(1, 4))
        #expect(numbers.next(for: two, at: .zero) == number(2, 2, marked: true))
    }
}

@Suite("What waits to be published")
struct EventOutboxTests {
    private let other = ProjectID(high: 9, low: 9)

    @Test("It is taken by channel, in order")
    func order() {
        var outbox = EventOutbox()
        #expect(outbox.take().isEmpty)
        for index in 0..<3 {
            #expect(outbox.put(Sample.delta(index)) == true)
            #expect(outbox.put(Sample.delta(10 + index, of: other)) == true)
        }
        let batch = outbox.take()
        #expect(batch.loads.count == 2)
        #expect(batch.loads[Sample.channel]?.publications == (0..<3).map { .event(Sample.delta($0)) })
        #expect(batch.loads[.project(other)]?.publications == (10..<13).map { .event(Sample.delta($0, of: other)) })
        #expect(batch.loads.values.allSatisfy { !$0.isIncomplete })
        #expect(outbox.take().isEmpty)
    }

    @Test("What finds no room is remembered, and nothing overtakes it", arguments: [(2, 1000), (1000, 2)])
    func full(maxCount: Int, maxBytes: Int) {
        var outbox = EventOutbox(maxCount: maxCount, maxBytes: maxBytes)
        #expect(outbox.put(Sample.delta(0)) == true)
        #expect(outbox.put(Sample.delta(1)) == true)
        #expect(outbox.put(Sample.delta(2)) == false)
        #expect(outbox.put(Sample.delta(3, text: "")) == false)
        let batch = outbox.take()
        #expect(batch.loads[Sample.channel]?.publications == [0, 1].map { .event(Sample.delta($0)) })
        #expect(batch.loads[Sample.channel]?.isIncomplete == true)
        #expect(!batch.hasLostTrack)
        #expect(outbox.put(Sample.delta(4)) == true)
        #expect(outbox.take().loads[Sample.channel]?.isIncomplete == false)
    }

    @Test("The channels that something was lost of are bounded too")
    func lostTrack() {
        var outbox = EventOutbox(maxCount: 2)
        let puts = (1...4).map { outbox.put(Sample.delta(0, of: ProjectID(high: 0, low: $0))) }
        #expect(puts == [true, true, false, false])
        let batch = outbox.take()
        #expect(batch.loads.count == 2)
        #expect(batch.hasLostTrack)
    }

    @Test("Notices stand among the events of their project; what concerns a person stands apart")
    func notices() {
        var outbox = EventOutbox()
        let notices = Sample.projectNotices
        let publications: [Publication] = [
            .event(Sample.delta(0)), .notice(notices[0]), .event(Sample.delta(1)), .notice(notices[1]),
        ]
        for publication in publications { _ = outbox.put(publication) }
        for notice in Sample.personNotices { _ = outbox.put(.notice(notice)) }
        let batch = outbox.take()
        #expect(batch.loads[Sample.channel]?.publications == publications)
        #expect(batch.loads[.person(Sample.person)]?.publications == Sample.personNotices.map { .notice($0) })
        #expect(batch.loads.count == 2)
    }

    @Test("A notice that finds no room is remembered as an event is; that somebody writes is not")
    func dropped() {
        var outbox = EventOutbox(maxCount: 2)
        let puts: [Publication] = [
            .event(Sample.delta(0)), .notice(Sample.personNotices[0]),
            .event(Sample.typing), .notice(Sample.personNotices[1]), .notice(Sample.personNotices[2]),
        ]
        #expect(puts.map { outbox.put($0) } == [true, true, true, false, false])
        let batch = outbox.take()
        #expect(batch.loads[Sample.channel]?.isIncomplete == false)
        #expect(batch.loads[Sample.channel]?.publications.count == 1)
        #expect(batch.loads[.person(Sample.person)]?.isIncomplete == true)
        #expect(batch.loads[.person(Sample.person)]?.publications == [.notice(Sample.personNotices[0])])
    }
}
