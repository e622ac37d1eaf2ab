import Foundation

/// The files of the repository that tests look at.
enum Repository {
    /// The repository's directory.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A file or directory by its path from the root.
    static func url(_ path: String) -> URL { root.appendingPathComponent(path) }

    /// The bytes of a file.
    static func bytes(of file: URL) throws -> [UInt8] { try [UInt8](Data(contentsOf: file)) }

    /// The files in a directory, sorted by name.
    static func files(in path: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: url(path), includingPropertiesForKeys: nil)
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
    }
}
