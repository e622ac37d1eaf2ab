import NIOCore
import Testing

@testable import WebSocketWire

struct HeartbeatTests {
    private static func at(_ seconds: Int64) -> NIODeadline { .uptimeNanoseconds(0) + .seconds(seconds) }

    private func tick(_ heartbeat: inout Heartbeat, _ seconds: Int64) -> Heartbeat.Action {
        heartbeat.tick(now: Self.at(seconds), interval: .seconds(25), timeout: .seconds(8))
    }

    @Test func `a quiet peer is pinged once and then given up`() {
        var heartbeat = Heartbeat(now: Self.at(0))
        let actions = [1, 24, 25, 26, 32, 33].map { tick(&heartbeat, $0) }
        #expect(actions == [.nothing, .nothing, .ping, .nothing, .nothing, .dead])
    }

    @Test func `any frame puts the ping off`() {
        var heartbeat = Heartbeat(now: Self.at(0))
        heartbeat.heard(at: Self.at(20))
        let actions = [25, 44, 45].map { tick(&heartbeat, $0) }
        #expect(actions == [.nothing, .nothing, .ping])
    }

    @Test func `any frame answers the ping`() {
        var heartbeat = Heartbeat(now: Self.at(0))
        let first = tick(&heartbeat, 25)
        #expect(first == .ping)
        heartbeat.heard(at: Self.at(32))
        let actions = [33, 56, 57, 65].map { tick(&heartbeat, $0) }
        #expect(actions == [.nothing, .nothing, .ping, .dead])
    }
}
