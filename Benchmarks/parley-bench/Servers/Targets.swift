/// Both sides of the comparison, for any workload and number of callers.
struct Targets: Sendable {
    let parleyPort: Int
    let barePort: Int
    let upstreamPort: Int
    let requests: RequestTexts

    func parley(_ workload: Workload, callers: Int) -> LoadTarget {
        let people = requests.people.count
        let each = (0..<callers).map { requests.requests(workload, of: $0 % people) }
        return LoadTarget(port: parleyPort, requests: each, marks: workload == .turns ? Self.parleyMarks : nil)
    }

    /// The bare route gets the same requests, but for the path; the model's server gets those that Parley would send it.
    func bare(_ workload: Workload, callers: Int) -> LoadTarget {
        if workload == .turns {
            let requests = Array(repeating: RequestTexts.bareTurn, count: callers)
            return LoadTarget(port: upstreamPort, requests: requests, marks: Self.upstreamMarks)
        }
        let path = "/\(workload.rawValue)"
        return LoadTarget(
            port: barePort,
            requests: (0..<callers).map { requests.requests(workload, of: $0, path: path) }
        )
    }

    private static let parleyMarks = StreamMarks(first: "event: message_delta", last: "event: done")
    private static let upstreamMarks = StreamMarks(first: "\"delta\":{\"content\":", last: "data: [DONE]")
}
