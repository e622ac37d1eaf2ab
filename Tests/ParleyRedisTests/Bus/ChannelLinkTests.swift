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
        let first = table.join(Sample.channel)
        let second = table.join(Sample.channel)
        #expect(first.id == second.id)
        #expect(first.settled != nil)
        let readings = table.takeUnread()
        let reading = try #require(readings.first)
        #expect(readings.count == 1)
        #expect(table.takeUnread().isEmpty)
        #expect(table.take(.subscribed, of: reading) == false)
        let third = table.join(Sample.channel)
        #expect(third.settled == nil)
        let isGap = table.take(.subscribed, of: reading)
        #expect(isGap)
        for _ in 1...2 { table.leave(Sample.channel) }
        #expect(table.isPresent(reading))
        table.leave(Sample.channel)
        #expect(table.count == 0)
        #expect(!table.isPresent(reading))
        // A new channel doesn't take what is said of the old one.
        _ = table.join(Sample.channel)
        #expect(table.take(.overflow, of: reading) == false)
        #expect(table.takeUnread().count == 1)
        // One that was left before anybody read it never is.
        _ = table.join(.project(ProjectID(high: 7, low: 7)))
        table.leave(.project(ProjectID(high: 7, low: 7)))
        #expect(table.takeUnread().isEmpty)
    }

    @Test("Nobody waits before the bus runs, nor after it; what was missed until then is told")
    func notRunning() throws {
        var table = ChannelTable()
        #expect(table.join(Sample.channel).settled == nil)
        table.begin()
        let reading = try #require(table.takeUnread().first)
        #expect(table.take(.subscribed, of: reading) == true)
        table.end()
        #expect(table.join(.project(ProjectID(high: 7, low: 7))).settled == nil)
    }

    @Test("All is heard while no channel is down; one that is being opened is waited for")
    func whole() throws {
        var table = ChannelTable()
        #expect(!table.isWhole)
        table.begin()
        #expect(table.isWhole)
        _ = table.join(Sample.channel)
        _ = table.join(.person(Sample.person))
        #expect(table.count == 2)
        #expect(table.isWhole)
        let readings = table.takeUnread()
        for reading in readings { _ = table.take(.subscribed, of: reading) }
        #expect(table.isWhole)
        let reading = try #require(readings.first)
        #expect(table.take(.linkLost, of: reading) == false)
        #expect(!table.isWhole)
        #expect(table.take(.subscribed, of: reading) == true)
        #expect(table.isWhole)
        table.fail(reading)
        #expect(!table.isWhole)
        table.leave(reading.channel)
        #expect(table.isWhole)
        table.end()
        #expect(!table.isWhole)
    }
}
