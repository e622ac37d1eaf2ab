import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyRedis

@Suite("A sender's sequence of frames")
struct SenderSequenceTests {
    /// A frame or beacon, marked or not, whether something is missing then, and where that leads.
    private struct Step: CustomTestStringConvertible {
        let before: (epoch: Int, number: Int)?
        let epoch: Int
        let number: Int
        let isBeacon: Bool
        let followsFailure: Bool
        let isGap: Bool
        let after: (epoch: Int, number: Int)

        var testDescription: String {
            "\(followsFailure ? "marked " : "")\(before.map { "\($0)" } ?? "unknown") \(isBeacon ? "beacon" : "frame") \(epoch):\(number)"
        }
    }

    /// Of a frame, `f`, or a beacon, `b`; marked where that is in upper case.
    private static func step(
        _ before: (Int, Int)?,
        _ kind: Character,
        _ epoch: Int,
        _ number: Int,
        _ isGap: Bool,
        _ after: (Int, Int)
    ) -> Step {
        Step(
            before: before.map { ($0.0, $0.1) },
            epoch: epoch,
            number: number,
            isBeacon: kind.lowercased() == "b",
            followsFailure: kind.isUppercase,
            isGap: isGap,
            after: (after.0, after.1)
        )
    }

    private static let steps: [Step] = [
        step(nil, "f", 3, 1, false, (3, 1)),
        step(nil, "f", 3, 2, false, (3, 2)),
        step(nil, "b", 3, 1, false, (3, 1)),
        step(nil, "b", 3, 2, false, (3, 2)),
        // Marked.
        step(nil, "F", 3, 2, true, (3, 2)),
        step(nil, "B", 3, 1, true, (3, 1)),
        step((3, 5), "F", 3, 5, false, (3, 5)),
        step((3, 5), "F", 3, 6, false, (3, 6)),
        step((3, 5), "F", 3, 7, true, (3, 7)),
        step((3, 5), "B", 3, 5, false, (3, 5)),
        step((3, 5), "B", 3, 6, true, (3, 6)),
        step((3, 5), "F", 2, 9, false, (3, 5)),
        step((3, 5), "F", 4, 1, false, (4, 1)),
        step((3, 5), "F", 4, 2, true, (4, 2)),
        step((3, 5), "B", 4, 1, true, (4, 1)),
        // The same epoch.
        step((3, 5), "f", 3, 4, false, (3, 5)),
        step((3, 5), "f", 3, 5, false, (3, 5)),
        step((3, 5), "f", 3, 6, false, (3, 6)),
        step((3, 5), "f", 3, 7, true, (3, 7)),
        step((3, 5), "b", 3, 4, false, (3, 5)),
        step((3, 5), "b", 3, 5, false, (3, 5)),
        step((3, 5), "b", 3, 6, true, (3, 6)),
        step((3, 5), "b", 3, 7, true, (3, 7)),
        // An epoch that is over.
        step((3, 5), "f", 2, 1, false, (3, 5)),
        step((3, 5), "f", 2, 9, false, (3, 5)),
        step((3, 5), "b", 2, 1, false, (3, 5)),
        step((3, 5), "b", 2, 9, false, (3, 5)),
        // A new epoch.
        step((3, 5), "f", 4, 1, false, (4, 1)),
        step((3, 5), "f", 4, 2, true, (4, 2)),
        step((3, 5), "f", 9, 1, false, (9, 1)),
        step((3, 5), "b", 4, 1, true, (4, 1)),
        step((3, 5), "b", 4, 6, true, (4, 6)),
    ]

    @Test("Every state and event", arguments: steps)
    private func everyStep(_ step: Step) {
        var sequence = SenderSequence()
        if let (epoch, number) = step.before {
            _ = sequence.receive(epoch: epoch, number: number, isBeacon: false, followsFailure: false)
            #expect(sequence.state == .known(epoch: epoch, number: number))
        }
        let isGap = sequence.receive(
            epoch: step.epoch,
            number: step.number,
            isBeacon: step.isBeacon,
            followsFailure: step.followsFailure
        )
        #expect(isGap == step.isGap)
        #expect(sequence.state == .known(epoch: step.after.epoch, number: step.after.number))
    }

    @Test("Of many senders the last ones are remembered; one that was forgotten is as one that was never heard of")
    func table() {
        var table = SenderTable(capacity: 3)
        func receive(_ sender: UInt64, _ number: Int, followsFailure: Bool = false) -> Bool {
            table.receive(
                BusFrame(
                    sender: BusSenderID(high: 0, low: sender),
                    epoch: 1,
                    number: number,
                    followsFailure: followsFailure,
                    items: [.lost(Sample.conversationID)]
                )
            )
        }
        for sender in UInt64(1)...3 { #expect(!receive(sender, 1)) }
        #expect(!receive(1, 2))
        #expect(!receive(4, 1))
        #expect(table.count == 3)
        #expect(!receive(1, 3))
        #expect(!receive(3, 2))
        #expect(!receive(2, 7))
        #expect(receive(2, 9))
        #expect(receive(4, 3, followsFailure: true))
        #expect(table.count == 3)
    }

    @Test("Whatever is lost is told, once the sender is silent", arguments: 0..<200)
    func nothingIsLostInSilence(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var numbers = ChannelNumbers(capacity: 4, interval: .seconds(2))
        var sequences: [EventChannel: SenderSequence] = [:]
        var untold: Set<EventChannel> = []
        let channels = [.person(Sample.person)] + (1...2).map { EventChannel.project(ProjectID(high: 0, low: $0)) }
        var now = Duration.zero
        func receive(_ channel: EventChannel, _ number: ChannelNumbers.Number, isBeacon: Bool) {
            let isGap = sequences[channel, default: SenderSequence()]
                .receive(
                    epoch: number.epoch,
                    number: number.number,
                    isBeacon: isBeacon,
                    followsFailure: number.followsFailure
                )
            if isGap { untold.remove(channel) }
        }
        func beacons(fail: Bool) {
            for beacon in numbers.dueBeacons(at: now) {
                // A beacon that failed may have arrived all the same.
                if !fail || random.oneIn(4) { receive(beacon.channel, beacon.number, isBeacon: true) }
                if !fail { numbers.beaconSucceeded(for: beacon.channel, at: now) }
            }
        }
        for _ in 0..<300 {
            let channel = random.pick(channels)
            switch random.place(in: 6) {
            case 0, 1: receive(channel, numbers.next(for: channel, at: now), isBeacon: false)
            case 2:
                _ = numbers.next(for: channel, at: now)
                // One who knows the sender notices without being told.
                if sequences[channel] == nil || random.oneIn(2) { numbers.failed(for: channel) }
                untold.insert(channel)
            case 3:
                numbers.loseTrack()
                // Told only with a next frame where the channel was not known; so each gets one.
                for channel in channels {
                    receive(channel, numbers.next(for: channel, at: now), isBeacon: false)
                    #expect(numbers.count <= 4)
                }
            case 4: beacons(fail: true)
            default:
                now += .milliseconds(random.place(in: 3000))
                beacons(fail: false)
            }
        }
        for _ in 0..<20 {
            now += .seconds(1)
            beacons(fail: false)
        }
        #expect(untold.isEmpty)
        #expect(numbers.count == 0)
    }
}
