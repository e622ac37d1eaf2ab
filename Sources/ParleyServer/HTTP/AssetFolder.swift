import NIOPosix
import ParleyAuth
import ParleyWeb

/// A folder with the web app's files: who works on them sees a change when the page is loaded again, without a build.
public struct AssetFolder: Sendable {
    private static let maximumBytes = 1 << 20

    private let path: String

    /// Names the folder.
    public init(_ path: String) {
        self.path = path
    }

    /// A file as it is now; `nil` where there is none of that name, which must be one that the app's files bear.
    func asset(_ name: String) async throws -> WebAsset? {
        guard name.wholeMatch(of: /[a-z0-9-]+(\.[a-z0-9-]+)+/) != nil else { return nil }
        let path = "\(path)/\(name)"
        let bytes = try await NIOThreadPool.singleton.runIfActive {
            try? SmallFile(path: path, maximumBytes: Self.maximumBytes).bytes
        }
        return bytes.map { WebAsset(name: name, bytes: $0) }
    }
}
