/// A file of the web app, held in the binary.
public struct WebAsset: Sendable {
    /// The file's bytes, as they are sent: a script's and a style sheet's without what only readers need.
    public let bytes: [UInt8]
    /// What it is.
    public let contentType: String
    /// A strong entity tag (RFC 9110, section 8.8.3): changes with the bytes.
    public let entityTag: String

    /// The file of a name; `nil` where the app has none.
    public static func named(_ name: String) -> WebAsset? { all[name] }

    /// All files by name.
    public static let all: [String: WebAsset] = WebFiles.byName.reduce(into: [:]) { assets, file in
        assets[file.key] = WebAsset(name: file.key, squeezing: file.value)
    }

    /// Makes one that is sent without what only readers need.
    init(name: String, squeezing source: [UInt8]) {
        let bytes =
            switch name.split(separator: ".").last {
            case "js": SqueezedScript(source).bytes
            case "css": SqueezedStyle(source).bytes
            default: source
            }
        self.init(name: name, bytes: bytes)
    }

    /// Makes one that is sent as it is; what it is follows from its name's ending.
    public init(name: String, bytes: [UInt8]) {
        self.bytes = bytes
        contentType =
            switch name.split(separator: ".").last {
            case "html": "text/html; charset=utf-8"
            case "css": "text/css; charset=utf-8"
            case "js": "text/javascript; charset=utf-8"
            case "svg": "image/svg+xml"
            default: "application/octet-stream"
            }
        // FNV-1a: a build's files are not chosen against us, only told apart.
        let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        entityTag = "\"\(String(hash, radix: 16))\""
    }
}
