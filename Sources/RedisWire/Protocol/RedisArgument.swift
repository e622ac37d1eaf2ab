public import NIOCore

/// The name or an argument of a command: any bytes.
public struct RedisArgument: Sendable, ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral,
    CustomStringConvertible
{
    private enum Storage {
        case string(String)
        case buffer(ByteBuffer)
        case bytes([UInt8])
    }

    private let storage: Storage

    /// A text, as UTF-8.
    public static func string(_ string: String) -> Self { Self(storage: .string(string)) }
    /// The readable bytes of a buffer.
    public static func buffer(_ buffer: ByteBuffer) -> Self { Self(storage: .buffer(buffer)) }
    /// Bytes.
    public static func bytes(_ bytes: [UInt8]) -> Self { Self(storage: .bytes(bytes)) }
    /// A whole number, in decimal.
    public static func integer(_ integer: some BinaryInteger) -> Self { Self(storage: .string("\(integer)")) }

    private init(storage: Storage) { self.storage = storage }

    /// A text, as UTF-8.
    public init(stringLiteral value: String) { self = .string(value) }

    /// A whole number, in decimal.
    public init(integerLiteral value: Int64) { self = .integer(value) }

    /// The text, or the number of bytes.
    public var description: String {
        switch storage {
        case .string(let string): string
        default: "\(byteCount) bytes"
        }
    }

    var byteCount: Int {
        switch storage {
        case .string(let string): string.utf8.count
        case .buffer(let buffer): buffer.readableBytes
        case .bytes(let bytes): bytes.count
        }
    }

    /// Gives access to the bytes; the pointer must not leave `body`.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch storage {
        case .string(var string): string.withUTF8 { body(UnsafeRawBufferPointer($0)) }
        case .buffer(let buffer): buffer.withUnsafeReadableBytes { body($0) }
        case .bytes(let bytes): bytes.withUnsafeBytes { body($0) }
        }
    }

    func write(into buffer: inout ByteBuffer) {
        switch storage {
        case .string(let string): buffer.writeString(string)
        case .buffer(let other): buffer.writeImmutableBuffer(other)
        case .bytes(let bytes): buffer.writeBytes(bytes)
        }
    }
}
