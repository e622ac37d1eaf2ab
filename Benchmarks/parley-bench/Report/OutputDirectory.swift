import Foundation

/// Where a run leaves its figures and, while it lasts, its database.
struct OutputDirectory {
    let url: URL

    /// Makes the directory where there is none, and clears away what a run that was cut short left there.
    init(path: String) throws {
        url = URL(fileURLWithPath: path, isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        removeDatabase()
        try FileManager.default.createDirectory(at: databaseDirectory, withIntermediateDirectories: true)
    }

    private var databaseDirectory: URL { url.appendingPathComponent("database", isDirectory: true) }

    /// The database's file.
    var database: String { databaseDirectory.appendingPathComponent("parley.db").path }

    /// Where servers of the live workloads write; it goes with the database.
    var live: URL { databaseDirectory }

    /// The file of the public keys that tokens are checked with.
    var keySet: String { databaseDirectory.appendingPathComponent("keys.json").path }

    func removeDatabase() {
        // What can't be removed the next run will try again.
        try? FileManager.default.removeItem(at: databaseDirectory)
    }

    /// Writes `latest.json`.
    func write(_ json: [UInt8]) throws {
        try Data(json).write(to: url.appendingPathComponent("latest.json"), options: .atomic)
    }
}
