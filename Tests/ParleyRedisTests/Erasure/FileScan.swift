import Foundation

/// Looks for planted words in the bytes of files and answers.
struct FileScan {
    /// The ends of the words that were found, with one of the places where they were.
    private(set) var found: [String: String] = [:]

    /// All files of a directory and those inside of it.
    ///
    /// A file that goes while it is looked at holds nothing any more.
    static func directory(_ path: String) throws -> FileScan {
        var scan = FileScan()
        let files = FileManager.default.enumerator(atPath: path)
        var count = 0
        while let name = files?.nextObject() as? String {
            let file = path + "/" + name
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory), !isDirectory.boolValue else {
                continue
            }
            guard let bytes = FileManager.default.contents(atPath: file) else { continue }
            scan.look(at: [UInt8](bytes), in: name)
            count += 1
        }
        if count == 0 { throw CocoaError(.fileNoSuchFile) }
        return scan
    }

    /// Notes the words in some bytes.
    mutating func look(at bytes: [UInt8], in place: String) {
        let mark = Array(Canaries.mark.utf8)
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            var offset = 0
            // By its first letter: the C library goes through the zeros of which these files are full faster than a loop.
            while let hit = memchr(start + offset, Int32(mark[0]), bytes.count - offset) {
                offset = UnsafeRawPointer(hit) - start + 1
                let rest = offset - 1 + mark.count
                guard rest <= bytes.count, memcmp(hit, mark, mark.count) == 0 else { continue }
                found[String(decoding: bytes[rest..<min(rest + 8, bytes.count)], as: UTF8.self)] = place
            }
        }
    }

    /// The places where words of these canaries are still found.
    func remains(of canaries: Canaries) -> [String: String] {
        var remains: [String: String] = [:]
        for (word, planted) in canaries.all {
            if let place = found[word] { remains[planted] = place }
        }
        return remains
    }

    /// Where words of these canaries should be, and are not found.
    func missing(of canaries: Canaries) -> Set<String> {
        Set(canaries.alive.filter { found[$0] == nil }.compactMap { canaries.all[$0] })
    }
}
