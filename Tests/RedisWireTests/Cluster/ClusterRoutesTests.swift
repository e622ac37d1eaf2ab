import NIOCore
import Testing

@testable import RedisWire

struct ClusterRoutesTests {
    private let a = RedisEndpoint(host: "a", port: 1)
    private let b = RedisEndpoint(host: "b", port: 2)
    private let c = RedisEndpoint(host: "c", port: 3)
    private let seed = RedisEndpoint(host: "seed", port: 9)

    private func topology(_ shares: [(ClosedRange<Int>, RedisEndpoint)]) -> ClusterTopology {
        var topology = ClusterTopology()
        for (slots, master) in shares {
            let isTaken = topology.assign(slots, to: master)
            #expect(isTaken)
        }
        return topology
    }

    private func slot(_ number: Int) throws -> RedisSlot { try #require(RedisSlot(number)) }

    @Test("Nothing is known at first but the seeds; the first answer starts all masters")
    func first() throws {
        var routes = ClusterRoutes(seeds: [seed, a])
        #expect(routes.topology.master(of: try slot(0)) == nil)
        #expect(routes.sources() == [seed, a])
        let change = routes.refreshed(topology([(0...8000, a), (8001...16383, b)]))
        #expect(change == ClusterRoutes.Change(started: [a, b]))
        #expect(routes.topology.isComplete)
        #expect(routes.topology.master(of: try slot(8000)) == a)
        #expect(routes.topology.master(of: try slot(8001)) == b)
        #expect(routes.refreshed(routes.topology) == ClusterRoutes.Change())
    }

    @Test("A slot that has moved is believed at once; the answer that follows decides which nodes are held")
    func moved() throws {
        var routes = ClusterRoutes(seeds: [seed])
        _ = routes.refreshed(topology([(0...8000, a), (8001...16383, b)]))
        #expect(routes.moved(try slot(7), to: b) == ClusterRoutes.Change())
        #expect(routes.moved(try slot(7), to: c) == ClusterRoutes.Change(started: [c]))
        #expect(routes.topology.master(of: try slot(7)) == c)
        #expect(routes.topology.master(of: try slot(8)) == a)
        #expect(routes.topology.coveredSlots == RedisSlot.count)
        #expect(routes.refreshed(topology([(0...8000, c), (8001...16383, b)])) == ClusterRoutes.Change(retired: [a]))
    }

    @Test("A node that a slot is just moving to is held while it is asked, and goes when it wasn't asked for a while")
    func asked() throws {
        var routes = ClusterRoutes(seeds: [seed])
        let whole = topology([(0...16383, a)])
        _ = routes.refreshed(whole)
        #expect(routes.asked(b) == ClusterRoutes.Change(started: [b]))
        #expect(routes.asked(b) == ClusterRoutes.Change())
        #expect(routes.holds(b))
        #expect(routes.topology.master(of: try slot(7)) == a)
        #expect(routes.refreshed(whole) == ClusterRoutes.Change())
        #expect(routes.refreshed(whole) == ClusterRoutes.Change(retired: [b]))
        #expect(!routes.holds(b))
    }

    @Test("A node that was asked once and then gets the slot stays as it is")
    func guestBecomesMaster() throws {
        var routes = ClusterRoutes(seeds: [seed])
        _ = routes.refreshed(topology([(0...16383, a)]))
        _ = routes.asked(b)
        #expect(routes.moved(try slot(7), to: b) == ClusterRoutes.Change())
        #expect(routes.refreshed(topology([(0...6, a), (7...7, b), (8...16383, a)])) == ClusterRoutes.Change())
        #expect(routes.topology.masters == [a, b])
    }

    @Test("Redirects to ever new nodes are not followed for ever")
    func bounded() throws {
        var routes = ClusterRoutes(seeds: [seed])
        for port in 1...ClusterRoutes.maxGuests {
            #expect(routes.asked(RedisEndpoint(host: "guest", port: port)) != nil)
        }
        #expect(routes.asked(RedisEndpoint(host: "guest", port: 999)) == nil)
        for port in 1...ClusterTopology.maxMasters {
            #expect(routes.moved(try slot(1), to: RedisEndpoint(host: "master", port: port)) != nil)
        }
        #expect(routes.moved(try slot(1), to: RedisEndpoint(host: "master", port: 9999)) == nil)
    }

    @Test("Each time another master is asked first how things stand, and the seeds after all masters")
    func sources() {
        var routes = ClusterRoutes(seeds: [seed, b])
        _ = routes.refreshed(topology([(0...1, a), (2...3, b), (4...5, c)]))
        let orders = (0..<3).map { _ in routes.sources() }
        #expect(Set(orders.map(\.first)) == [a, b, c])
        for order in orders {
            #expect(Set(order.prefix(3)) == [a, b, c])
            #expect(order.dropFirst(3) == [seed])
        }
    }
}

struct ClusterTopologyTests {
    private let asked = RedisEndpoint(host: "asked", port: 7)

    private func topology(_ text: String) throws -> ClusterTopology {
        var parser = RESPParser()
        var bytes = ByteBuffer(string: text.replacing("\n", with: "\r\n"))
        return try ClusterTopology(slots: try #require(try parser.next(from: &bytes)), from: asked)
    }

    @Test("An answer is read, with hosts that are left out and without those that are not known")
    func read() throws {
        let topology = try topology(
            """
            *4
            *4
            :0
            :5460
            *3
            $9
            127.0.0.1
            :7000
            $2
            id
            *3
            $9
            127.0.0.1
            :7001
            $2
            id
            *3
            :5461
            :5461
            *4
            $-1
            :7002
            $2
            id
            *0
            *3
            :5462
            :5462
            *2
            $0

            :7003
            *3
            :5463
            :5463
            *2
            $1
            ?
            :7004

            """
        )
        #expect(
            topology.masters == [
                RedisEndpoint(host: "127.0.0.1", port: 7000), RedisEndpoint(host: "asked", port: 7002),
                RedisEndpoint(host: "asked", port: 7003),
            ]
        )
        #expect(topology.coveredSlots == 5463)
        #expect(!topology.isComplete)
        #expect(topology.master(of: try #require(RedisSlot(5461)))?.port == 7002)
        #expect(topology.master(of: try #require(RedisSlot(5463))) == nil)
    }

    @Test(
        "What is no such answer is refused",
        arguments: [
            "+OK\n", "*1\n:1\n", "*1\n*3\n:5\n:4\n*2\n$1\na\n:1\n", "*1\n*3\n:-1\n:4\n*2\n$1\na\n:1\n",
            "*1\n*3\n:0\n:16384\n*2\n$1\na\n:1\n", "*1\n*2\n:0\n:4\n", "*1\n*3\n:0\n:4\n*1\n$1\na\n",
        ]
    )
    func refused(text: String) {
        #expect { try topology(text) } throws: { ($0 as? RedisError)?.code == .protocolViolation }
    }
}
