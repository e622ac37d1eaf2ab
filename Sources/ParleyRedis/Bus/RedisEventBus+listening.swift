import Logging
import NIOCore
import ParleyCore
import ParleyStore
import RedisWire
import Synchronization

extension RedisEventBus {
    /// The pause after Redis refused a channel.
    private static let pauseAfterRefusal = Duration.seconds(1)

    /// Reads the channels that are asked for, each in a task of its own.
    func listen(_ wakes: AsyncStream<Void>) async {
        await withDiscardingTaskGroup { group in
            for await _ in wakes {
                for reading in listening.withLock({ $0.table.takeUnread() }) {
                    group.addTask { [self] in await read(reading) }
                }
            }
            group.cancelAll()
        }
    }

    /// Reads a channel until everybody has left it.
    private func read(_ reading: ChannelTable.Reading) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in await follow(reading) }
            group.addTask { for await _ in reading.left {} }
            await group.next()
            group.cancelAll()
        }
    }

    private func follow(_ reading: ChannelTable.Reading) async {
        let channel = RedisKeys.events(of: reading.channel)
        var senders = SenderTable()
        while !Task.isCancelled {
            do {
                try await subscriber.subscribe(to: [channel]) { events in
                    for try await event in events {
                        switch event {
                        case .gap(let gap):
                            if listening.withLock({ $0.table.take(gap, of: reading) }) { tellLagged(reading) }
                        case .message(let message): await take(message.payload, reading, &senders)
                        }
                    }
                }
            } catch {
                logger.warning(
                    "Redis refuses to let a channel's events be listened to",
                    metadata: ["channel": "\(channel)", "redis.reason": "\(error)"]
                )
            }
            listening.withLock { $0.table.fail(reading) }
            try? await clock.sleep(for: Self.pauseAfterRefusal)
        }
    }

    private func take(_ payload: ByteBuffer, _ reading: ChannelTable.Reading, _ senders: inout SenderTable) async {
        // Subscribers here had the events of our own frames when they were published.
        guard !payload.readableBytesView.starts(with: beginning), listening.withLock({ $0.table.isPresent(reading) })
        else { return }
        counters.frameReceived()
        do throws(BusFrameFlaw) {
            let frame = try BusFrame(parsing: payload.readableBytesView, of: reading.channel)
            if senders.receive(frame) { tellLagged(reading) }
            await deliver(frame.items, of: reading.channel)
        } catch {
            counters.frameRefused()
            logger.warning(
                "A frame of events was refused",
                metadata: ["channel": "\(RedisKeys.events(of: reading.channel))", "flaw": "\(error)"]
            )
            tellLagged(reading)
        }
    }

    /// Hands on what a frame brings, in its order; what must be looked up holds back what is behind it.
    private func deliver(_ items: [BusItem], of channel: EventChannel) async {
        var events: [Event] = []
        for item in items {
            if case .event(let event) = item {
                events.append(event)
                continue
            }
            await local.publish(events)
            events = []
            switch (item, channel) {
            case (.notice(let notice), _): await local.announce(notice)
            // A frame of a person's channel that has more than notices is refused.
            case (.event, _), (_, .person): break
            case (.reference(let reference), .project(let project)):
                if let event = await lookup.event(of: reference, in: project) {
                    events.append(event)
                } else {
                    tellLagged(in: reference.conversationID, of: project)
                }
            case (.lost(let conversation), .project(let project)): tellLagged(in: conversation, of: project)
            }
        }
        await local.publish(events)
    }

    private func tellLagged(_ reading: ChannelTable.Reading) {
        counters.gap()
        local.signalLagged(in: reading.channel)
    }

    private func tellLagged(in conversation: ConversationID, of project: ProjectID) {
        counters.gap()
        local.signalLagged(in: conversation, of: project)
    }
}
