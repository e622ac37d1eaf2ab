import Logging
import ParleyCore
import RedisWire
import Synchronization

extension RedisEventBus {
    /// How many channels' frames are under way at once; those of one channel follow each other.
    private static let channelsAtOnce = 8
    /// How many beacons may hold up the frames behind them: after an outage there may be thousands.
    private static let beaconsAtOnce = 128
    /// How often it is looked whether a beacon is due.
    private static let tickInterval = Duration.seconds(1)

    /// Publishes what is put into the outbox, until `loads` ends, and then the rest of it.
    func send(_ loads: AsyncStream<Void>) async {
        for await _ in loads { await sendRound() }
        if !Task.isCancelled { await sendRound() }
    }

    /// Wakes the sending now and then, for beacons.
    func tick() async {
        while (try? await clock.sleep(for: Self.tickInterval)) != nil {
            sending.withLock(\.wake)?.yield()
        }
    }

    private func sendRound() async {
        let now = elapsed()
        let (batch, beacons) = sending.withLock { sending in
            let batch = sending.outbox.take()
            if batch.hasLostTrack { sending.numbers.loseTrack() }
            return (batch, sending.numbers.dueBeacons(at: now, atMost: Self.beaconsAtOnce))
        }
        await withTaskGroup(of: Void.self) { group in
            for (position, load) in batch.loads.enumerated() {
                if position >= Self.channelsAtOnce { await group.next() }
                group.addTask { [self] in await send(load.value, to: load.key) }
            }
        }
        for beacon in beacons where batch.loads[beacon.channel] == nil {
            guard await publish(BusFrame.bytes(beginning, beacon.number), to: beacon.channel) else {
                // They stay due; each would only fail like this one.
                return
            }
            sending.withLock { $0.numbers.beaconSucceeded(for: beacon.channel, at: now) }
        }
        // There may be more.
        if beacons.count == Self.beaconsAtOnce { sending.withLock(\.wake)?.yield() }
    }

    private func send(_ load: EventOutbox.Load, to channel: EventChannel) async {
        for body in BusFrame.bodies(of: load.publications) {
            let number = sending.withLock { $0.numbers.next(for: channel, at: elapsed()) }
            guard await publish(BusFrame.bytes(beginning, number, body: body), to: channel) else {
                // The number is missing now, and so the others will know.
                sending.withLock { $0.numbers.failed(for: channel) }
                continue
            }
        }
        guard load.isIncomplete else { return }
        sending.withLock { sending in
            // For the frame that what was dropped would have been in.
            _ = sending.numbers.next(for: channel, at: elapsed())
            sending.numbers.failed(for: channel)
        }
    }

    private func publish(_ frame: [UInt8], to channel: EventChannel) async -> Bool {
        let name = RedisKeys.events(of: channel)
        do throws(RedisError) {
            _ = try await client.send(["PUBLISH", .string(name), .bytes(frame)])
            counters.frameSent()
            sending.withLock { $0.isFailing = false }
            return true
        } catch {
            counters.publishFailed()
            sending.withLock { $0.isFailing = true }
            logger.debug(
                "Events could not be published",
                metadata: ["channel": "\(name)", "redis.reason": "\(error)"]
            )
            return false
        }
    }
}
