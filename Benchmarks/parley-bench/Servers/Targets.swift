/// Both sides of the comparison, for any workload and number of callers.
struct Targets: Sendable {
    let parleyPort: Int
    let barePort: Int
    let requests: RequestTexts

    func parley(_ workload: Workload, callers: Int) -> LoadTarget {
        LoadTarget(port: parleyPort, requests: (0..<callers).map { requests.requests(workload, of: $0) })
    }

    /// The bare route gets the same requests, but for the path.
    func bare(_ workload: Workload, callers: Int) -> LoadTarget {
        let path = "/\(workload.rawValue)"
        return LoadTarget(
            port: barePort,
            requests: (0..<callers).map { requests.requests(workload, of: $0, path: path) }
        )
    }
}
