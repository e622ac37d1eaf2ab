import Logging

/// What was logged, for tests that read it.
struct CapturedLog: Sendable {
    /// One line.
    struct Line: Hashable, Sendable {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
    }

    private let kept = Guarded<[Line]>([])

    /// The lines so far.
    var lines: [Line] { kept.value }

    /// A logger that writes here.
    var logger: Logger { Logger(label: "test") { _ in Handler(kept: kept) } }

    private struct Handler: LogHandler {
        let kept: Guarded<[Line]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues(\.description)
            kept.change { $0.append(Line(level: event.level, message: event.message.description, metadata: all)) }
        }
    }
}
