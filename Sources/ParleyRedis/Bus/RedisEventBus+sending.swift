import Logging
import ParleyCore
import RedisWire
import Synchronization

extension RedisEventBus {
    /// How many projects' frames are under way at once; those of one project follow each other.
    private static let projectsAtOnce = 8
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
                if position >= Self.projectsAtOnce { await group.next() }
                group.addTask { [self] in await send(load.value, to: load.key) }
            }
        }
        for beacon in beacons where batch.loads[beacon.project] == nil {
            guard await publish(BusFrame.bytes(beginning, beacon.number), to: beacon.project) else {
                // They stay due; each would only fail like this one.
                return
            }
            sending.withLock { $0.numbers.beaconSucceeded(for: beacon.project, at: now) }
        }
        // There may be more.
        if beacons.count == Self.beaconsAtOnce { sending.withLock(\.wake)?.yield() }
    }

    private func send(_ load: EventOutbox.Load, to project: ProjectID) async {
        for body in BusFrame.bodies(of: load.events) {
            let number = sending.withLock { $0.numbers.next(for: project, at: elapsed()) }
            guard await publish(BusFrame.bytes(beginning, number, body: body), to: project) else {
                // The number is missing now, and so the others will know.
                sending.withLock { $0.numbers.failed(for: project) }
                continue
            }
        }
        guard load.isIncomplete else { return }
        sending.withLock { sending in
            // For the frame that what was dropped would have been in.
            _ = sending.numbers.next(for: project, at: elapsed())
            sending.numbers.failed(for: project)
        }
    }

    private func publish(_ frame: [UInt8], to project: ProjectID) async -> Bool {
        do throws(RedisError) {
            _ = try await client.send(["PUBLISH", .string(RedisKeys.events(of: project)), .bytes(frame)])
            counters.frameSent()
            return true
        } catch {
            counters.publishFailed()
            logger.debug(
                "Events could not be published",
                metadata: ["project": "\(project)", "redis.reason": "\(error)"]
            )
            return false
        }
    }
}
