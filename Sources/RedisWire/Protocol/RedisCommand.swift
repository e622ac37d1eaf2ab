import NIOCore

/// A command: its name and arguments, each sent as a bulk string.
///
/// Whatever bytes an argument holds, it stays one argument: there is nothing to escape and no way to break out.
public struct RedisCommand: Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The name and the arguments.
    public let arguments: [RedisArgument]

    /// Makes a command of its name and arguments.
    public init(_ arguments: [RedisArgument]) { self.arguments = arguments }

    /// Makes a command of its name and arguments, as in `["GET", "key"]`.
    public init(arrayLiteral elements: RedisArgument...) { self.init(elements) }

    /// The name and the number of arguments; never what is in them.
    public var description: String {
        let name = arguments.first.map { "\($0)" } ?? "nothing"
        return "\(name) with \(max(0, arguments.count - 1)) arguments"
    }

    /// How many bytes ``encode(into:)`` writes.
    var encodedBytes: Int {
        arguments.reduce(3 + Self.digits(arguments.count)) { sum, argument in
            sum + 5 + Self.digits(argument.byteCount) + argument.byteCount
        }
    }

    /// Writes the command as Redis reads it.
    func encode(into buffer: inout ByteBuffer) {
        buffer.writeString("*\(arguments.count)\r\n")
        for argument in arguments {
            buffer.writeString("$\(argument.byteCount)\r\n")
            argument.write(into: &buffer)
            buffer.writeString("\r\n")
        }
    }

    private static func digits(_ number: Int) -> Int {
        var count = 1
        var rest = number / 10
        while rest > 0 {
            count += 1
            rest /= 10
        }
        return count
    }
}
