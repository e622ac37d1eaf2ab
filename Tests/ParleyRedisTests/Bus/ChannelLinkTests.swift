import ParleyCore
import RedisWire
import Testing

@testable import ParleyRedis

@Suite("A channel's link")
struct ChannelLinkTests {
    @Test(
        "Every state and event",
        arguments: [
            (.opening, .subscribed, .standing, false), (.opening, .linkLost, .down, false),
            (.opening, .overflow, .standing, true),
            (.standing, .subscribed, .standing, true), (.standing, .linkLost, .down, false),
            (.standing, .overflow, .standing, true),
            (.down, .subscribed, .standing, true), (.down, .linkLost, .down, false),
            (.down, .overflow, .standing, true),
        ] as [(ChannelLink, RedisGap, ChannelLink, Bool)]
    )
    func everyStep(_ before: ChannelLink, _ gap: RedisGap, _ after: ChannelLink, _ tells: Bool) {
        var link = before
        #expect(link.take(gap) == tells)
        #expect(link == after)
        link.fail()
        #expect(link == .down)
    }

    @Test("A channel lives from its first subscriber to its last, and is read once")
    func table() throws {
        var table = ChannelTable()
        table.begin()
        let first = table.join(Sample.project)
        let second = table.join(Sample.project)
        #expect(first.id == second.id)
        #expect(first.settled != nil)
        let readings = table.takeUnread()
        let reading = try #require(readings.first)
        #expect(readings.count == 1)
        #expect(table.takeUnread().isEmpty)
        #expect(table.take(.subscribed, of: reading) == false)
        let third = table.join(Sample.project)
        #expect(third.settled == nil)
        let isGap = table.take(.subscribed, of: reading)
        #expect(isGap)
        for _ in 1...2 { table.leave(Sample.project) }
        #expect(table.isPresent(reading))
        table.leave(Sample.project)
        #expect(table.count == 0)
        #expect(!table.isPresent(reading))
        // A new channel doesn't take what is said of the old one.
        _ = table.join(Sample.project)
        #expect(table.take(.overflow, of: reading) == false)
        #expect(table.takeUnread().count == 1)
        // One that was left before anybody read it never is.
        _ = table.join(ProjectID(high: 7, low: 7))
        table.leave(ProjectID(high: 7, low: 7))
        #expect(table.takeUnread().isEmpty)
    }

    @Test("Nobody waits before the bus runs, nor after it; what was missed until then is told")
    func notRunning() throws {
        var table = ChannelTable()
        #expect(table.join(Sample.project).settled == nil)
        table.begin()
        let reading = try #require(table.takeUnread().first)
        #expect(table.take(.subscribed, of: reading) == true)
        table.end()
        #expect(table.join(ProjectID(high: 7, low: 7)).settled == nil)
    }
}
