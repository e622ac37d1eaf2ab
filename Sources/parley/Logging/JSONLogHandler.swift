import Logging
import ParleyCore

/// Writes one JSON object a line to standard error, so that nothing logged can forge a line.
struct JSONLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let label: String

    init(label: String, level: Logger.Level) {
        self.label = label
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }
        fields.merge(event.metadata ?? [:]) { $1 }
        var object = JSONObject()
        object["time"] = .string("\(SystemClock().now())")
        object["level"] = .string(event.level.rawValue)
        object["logger"] = .string(label)
        object["message"] = .string("\(event.message)")
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) { object[key] = .string("\(value)") }
        StandardStream.error.write(JSON.object(object).serialized + [0x0A])
    }
}
