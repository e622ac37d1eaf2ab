import NIOCore
import ParleyCore
import ParleyLive
import ParleyMetrics
import Synchronization
import Testing

@testable import ParleyServer

@Suite("The queue of a stream of events")
struct StreamOutletTests {
    /// A time that stands still unless it is moved.
    private final class Time: Sendable {
        private let now = Mutex(Duration.zero)

        var elapsed: Duration { now.withLock { $0 } }

        func pass(_ duration: Duration) { now.withLock { $0 += duration } }
    }

    private func outlet(_ time: Time) -> StreamOutlet {
        StreamOutlet(metrics: LiveMetrics()) { time.elapsed }
    }

    /// As many frames as fill the queue, and one more.
    private func overfill(_ outlet: StreamOutlet) {
        let frame = LiveFrame.resync(ConversationID(high: 1, low: 2), .behind)
        for _ in 0...(Limits.socketQueueBytes / frame.json.count) { outlet.send(frame) }
    }

    @Test("What waits is taken together, in order")
    func order() async {
        let outlet = outlet(Time())
        outlet.send(.resync(nil, .behind))
        outlet.send(.resync(nil, .ahead))
        let text = await outlet.next().map { String(buffer: $0) } ?? ""
        #expect(
            text == """
                event: resync
                data: {"type":"resync","reason":"behind"}

                event: resync
                data: {"type":"resync","reason":"ahead"}


                """
        )
    }

    @Test("A full queue becomes one resync; what comes until that is taken is in it")
    func overflow() async {
        let outlet = outlet(Time())
        overfill(outlet)
        outlet.send(.resync(nil, .ahead))
        let text = await outlet.next().map { String(buffer: $0) } ?? ""
        #expect(text == "event: resync\ndata: {\"type\":\"resync\",\"reason\":\"slow\"}\n\n")
        // Then it goes on.
        outlet.send(.resync(nil, .ahead))
        #expect(await outlet.next().map { String(buffer: $0) }?.contains("ahead") == true)
    }

    @Test("One that was full and then is not read is stalled after ten seconds; one that only waits is not")
    func stalled() async {
        let time = Time()
        let outlet = outlet(time)
        outlet.send(.resync(nil, .behind))
        time.pass(.seconds(60))
        #expect(!outlet.isStalled)
        _ = await outlet.next()
        overfill(outlet)
        time.pass(.milliseconds(9999))
        #expect(!outlet.isStalled)
        time.pass(.milliseconds(1))
        #expect(outlet.isStalled)
        _ = await outlet.next()
        #expect(!outlet.isStalled)
    }

    @Test("Once it is closed, what waits can still be taken, and then there is nothing more")
    func closed() async {
        let outlet = outlet(Time())
        outlet.send(.resync(nil, .behind))
        outlet.close(.shutdown)
        outlet.send(.resync(nil, .ahead))
        #expect(await outlet.next().map { String(buffer: $0) }?.contains("behind") == true)
        #expect(await outlet.next() == nil)
    }

    @Test("A reader that waits is woken by the next frame, by the end, and by its own cancellation")
    func waking() async {
        let outlet = outlet(Time())
        await withTaskGroup(of: ByteBuffer?.self) { group in
            group.addTask { await outlet.next() }
            outlet.send(.resync(nil, .ahead))
            #expect(await group.next()??.readableBytes ?? 0 > 0)
            group.addTask { await outlet.next() }
            group.cancelAll()
            #expect(await group.next() == .some(nil))
        }
        async let last = outlet.next()
        outlet.close(.accessLost)
        #expect(await last == nil)
    }

    @Test("An idle stream shows that it is alive; one with news has no need to")
    func life() async {
        let outlet = outlet(Time())
        outlet.showLife()
        outlet.showLife()
        #expect(await outlet.next().map { String(buffer: $0) } == ": keep-alive\n\n")
    }
}
