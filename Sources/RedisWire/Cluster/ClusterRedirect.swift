/// What a node of a cluster says of a command that it did not run.
enum ClusterRedirect: Hashable, Sendable {
    /// The slot belongs to another node, for good.
    case moved(RedisSlot, RedisEndpoint)
    /// The slot is moving: this one time, ask there.
    case ask(RedisEndpoint)
    /// The command's keys are partly here and partly there.
    case tryAgain
    /// The cluster has lost a part of itself.
    case clusterDown

    /// Reads an error; `nil` where it says nothing of the kind.
    ///
    /// - Parameters:
    ///   - error: What a node answered.
    ///   - endpoint: The node, whose host is meant where a host is left out.
    init?(_ error: RedisError, from endpoint: RedisEndpoint) {
        switch error.serverCode {
        case .tryAgain: self = .tryAgain
        case .clusterDown: self = .clusterDown
        case .moved, .ask:
            // As in `MOVED 3999 127.0.0.1:6381`.
            let words = error.message.split(separator: " ")
            guard words.count >= 3, let slot = Int(words[1]).flatMap(RedisSlot.init),
                let colon = words[2].lastIndex(of: ":"),
                let port = Int(words[2][words[2].index(after: colon)...]),
                let target = RedisEndpoint(clusterHost: String(words[2][..<colon]), port: port, asked: endpoint)
            else { return nil }
            self = error.serverCode == .moved ? .moved(slot, target) : .ask(target)
        default: return nil
        }
    }
}

extension RedisEndpoint {
    /// Makes an endpoint of what a node says of another; `nil` where it doesn't know.
    ///
    /// - Parameters:
    ///   - host: Nothing means the host of the node that says so.
    ///   - port: Its port.
    ///   - endpoint: The node that says so.
    init?(clusterHost host: String?, port: Int, asked endpoint: RedisEndpoint) {
        guard 1...65535 ~= port, host != "?" else { return nil }
        self.init(host: host.flatMap { $0.isEmpty ? nil : $0 } ?? endpoint.host, port: port)
    }
}
