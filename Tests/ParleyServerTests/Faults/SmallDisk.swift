import Foundation
import ParleyTesting

/// A small file system in memory, for what must run out of room; only root may mount one.
struct SmallDisk: Sendable {
    struct Failure: Error {
        let what: String
    }

    /// Where it is.
    let directory: URL

    private var ballast: URL { directory.appendingPathComponent("ballast") }

    /// Makes one in a new directory.
    static func mount(at path: String, megabytes: Int) async throws -> SmallDisk {
        let directory = URL(fileURLWithPath: path, isDirectory: true)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let options = ["-t", "tmpfs", "-o", "size=\(megabytes)m,mode=755", "tmpfs", path]
        let ending = await (try StartedProgram("/usr/bin/mount", options)).ending()
        guard ending == .exit(0) else { throw Failure(what: "mount ended with \(ending)") }
        return SmallDisk(directory: directory)
    }

    /// Fills it until nothing more goes on it.
    func fill() throws {
        try Data().write(to: ballast)
        let file = try FileHandle(forWritingTo: ballast)
        defer { try? file.close() }
        // From large to small pieces, until not one page is left.
        for size in [1 << 20, 1 << 16, 1 << 12] {
            let piece = Data(repeating: 0, count: size)
            while (try? file.write(contentsOf: piece)) != nil {}
        }
    }

    /// Gives the room back.
    func empty() throws { try FileManager.default.removeItem(at: ballast) }

    /// Removes it, whatever is on it.
    func unmount() async {
        // There is nothing to do about a failure.
        _ = await (try? StartedProgram("/usr/bin/umount", ["--lazy", directory.path]))?.ending()
    }
}
