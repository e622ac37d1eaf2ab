public import ParleyCore

extension MemoryStore {
    /// Adds a line.
    public func record(_ entry: QueryLogEntry) throws {
        write { state, _ in state.queryLog.append(entry) }
    }

    /// Lines from `start` on, oldest first.
    public func entries(since start: Timestamp, limit: Int) throws -> [QueryLogEntry] {
        read { state, _ in
            let lines = state.queryLog.filter { $0.time >= start }.sorted { $0.time < $1.time }
            return Array(lines.prefix(limit))
        }
    }
}
