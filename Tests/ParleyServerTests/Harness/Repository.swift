import Foundation

/// The files of the repository that tests look at.
enum Repository {
    /// The repository's directory.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A file or directory by its path from the root.
    static func url(_ path: String) -> URL { root.appendingPathComponent(path) }

    /// The paths of the files in a directory, sorted.
    static func files(in path: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: url(path), includingPropertiesForKeys: nil)
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }
}
