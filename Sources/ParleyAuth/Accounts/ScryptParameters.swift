/// How much work a password's hash costs (RFC 7914).
public struct ScryptParameters: Hashable, Sendable {
    /// The binary logarithm of N: one more doubles time and memory.
    public let logRounds: Int
    /// r: memory is 128 · N · r bytes.
    public let blockSize: Int
    /// p: how often the whole is done.
    public let parallelism: Int

    /// Makes parameters; `nil` outside of N from 2 to 2^20, r and p from 1 to 16, and 256 MiB.
    public init?(logRounds: Int, blockSize: Int, parallelism: Int) {
        // The bound keeps a mangled row from taking the machine's memory.
        guard 1...20 ~= logRounds, 1...16 ~= blockSize, 1...16 ~= parallelism,
            128 * blockSize << logRounds <= 256 * 1024 * 1024
        else { return nil }
        self.init(checkedLogRounds: logRounds, blockSize: blockSize, parallelism: parallelism)
    }

    private init(checkedLogRounds logRounds: Int, blockSize: Int, parallelism: Int) {
        self.logRounds = logRounds
        self.blockSize = blockSize
        self.parallelism = parallelism
    }

    /// N = 2^15, r = 8, p = 1: 84 ms and 32 MiB on a slow core.
    ///
    /// OWASP asks for N = 2^17 or an equal product with p = 3 for N = 2^15. That is 250 ms of a core for each try at a
    /// password; with attempts limited per account and address, Parley spends a third of it.
    public static let standard = ScryptParameters(checkedLogRounds: 15, blockSize: 8, parallelism: 1)
}

extension ScryptParameters: CustomStringConvertible {
    /// The PHC string's field: `ln=15,r=8,p=1`.
    public var description: String { "ln=\(logRounds),r=\(blockSize),p=\(parallelism)" }

    /// Reads the PHC string's field, names in this order.
    init?(_ field: Substring) {
        let values = field.split(separator: ",", omittingEmptySubsequences: false)
        guard values.count == 3, let logRounds = Self.value("ln=", values[0]),
            let blockSize = Self.value("r=", values[1]),
            let parallelism = Self.value("p=", values[2])
        else { return nil }
        self.init(logRounds: logRounds, blockSize: blockSize, parallelism: parallelism)
    }

    private static func value(_ name: String, _ text: Substring) -> Int? {
        text.hasPrefix(name) ? Int(text.dropFirst(name.count)) : nil
    }
}
