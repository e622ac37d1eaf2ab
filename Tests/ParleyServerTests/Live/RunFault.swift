import Foundation
import ParleyTesting
import RedisWire
import Testing

/// What goes wrong in a randomised run, one after another.
enum RunFault: CaseIterable, Sendable {
    case instanceKilled, instanceStopped, redisFlushed, redisKilled, eventsEnded
    case redisSilent, redisCut, databaseSilent, databaseCut, clientsSilent, clientsCut

    /// Breaks something, lets it last, and mends it.
    func happen(in cluster: Cluster, _ random: inout SplitMix64) async throws {
        let instance = random.place(in: cluster.instances.count)
        switch self {
        case .instanceKilled:
            cluster.instances[instance].send(SIGKILL)
            let ending = try await cluster.instances[instance].ending()
            let log = try cluster.instances[instance].log().suffix(8000)
            #expect(ending == .signal(SIGKILL), "\(log)")
            cluster.clientLinks[instance].become(.closed)
            try await cluster.startAgain(instance)
            cluster.clientLinks[instance].become(.pass)
        case .instanceStopped:
            cluster.instances[instance].send(SIGSTOP)
            await last(2000)
            cluster.instances[instance].send(SIGCONT)
        case .redisFlushed: try await cluster.redis.send(["FLUSHALL"])
        case .redisKilled:
            await cluster.redis.kill()
            await last(300)
            try await cluster.redis.startAgain()
        case .eventsEnded: try await cluster.redis.send(["CLIENT", "KILL", "TYPE", "pubsub"])
        case .redisSilent: await pass(cluster.redisLinks[instance], .silent, 1500)
        case .redisCut: await pass(cluster.redisLinks[instance], .closed, 300)
        case .databaseSilent: await pass(cluster.databaseLinks[instance], .silent, 1500)
        case .databaseCut: await pass(cluster.databaseLinks[instance], .closed, 300)
        case .clientsSilent: await pass(cluster.clientLinks[instance], .silent, 2000)
        case .clientsCut: await pass(cluster.clientLinks[instance], .closed, 100)
        }
    }

    private func pass(_ link: FaultLink, _ mode: FaultLink.Mode, _ milliseconds: Int) async {
        link.become(mode)
        await last(milliseconds)
        link.become(.pass)
    }

    /// How long it lasts is part of the fault; nothing depends on it.
    private func last(_ milliseconds: Int) async {
        try? await Task.sleep(for: .milliseconds(milliseconds))
    }
}
