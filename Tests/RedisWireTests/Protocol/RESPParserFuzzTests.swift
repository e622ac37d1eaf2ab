import NIOCore
import ParleyTesting
import Testing

@testable import RedisWire

struct RESPParserFuzzTests {
    @Test("Mutated replies never crash the parser, and mean the same however they are cut", arguments: 0..<8)
    func mutations(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<1500 {
            let bytes = mutated(using: &random)
            let limits = RESPLimits(replyBytes: 4096, lineBytes: 256, elements: 64, depth: 6)
            let whole = outcome(of: [bytes], limits)
            #expect(outcome(of: pieces(of: bytes, using: &random), limits) == whole)
        }
    }

    private struct Outcome: Equatable {
        var values: [String] = []
        var violation: RESPViolation?
    }

    private func outcome(of pieces: [[UInt8]], _ limits: RESPLimits) -> Outcome {
        var parser = RESPParser(limits: limits)
        var buffer = ByteBuffer()
        var outcome = Outcome()
        do throws(RESPViolation) {
            for piece in pieces {
                buffer.writeBytes(piece)
                while let reply = try parser.next(from: &buffer) {
                    _ = (reply.bulkStrings?.map { $0.count }, reply.elements[3], reply.error, reply.integer)
                    // As text, since no double is its own equal if it is no number.
                    outcome.values.append("\(RedisValue(reply))")
                }
            }
        } catch {
            outcome.violation = error
        }
        return outcome
    }

    private func mutated(using random: inout SplitMix64) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0...Int.random(in: 0..<4, using: &random) {
            bytes += Array((RESPParserTests.table.randomElement(using: &random)?.bytes ?? "").utf8)
        }
        for _ in 0..<Int.random(in: 0..<6, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes[index] = Array("+-:$*_#,(!=%~>|0123456789\r\n".utf8).randomElement(using: &random) ?? 0
            case 2: bytes.remove(at: index)
            case 3: bytes.insert(bytes[index], at: index)
            case 4: bytes.insert(contentsOf: Array("9999999999999999999".utf8), at: index)
            default: bytes.removeSubrange(index..<min(bytes.count, index + 5))
            }
        }
        return bytes
    }

    private func pieces(of bytes: [UInt8], using random: inout SplitMix64) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...7, using: &random)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces
    }
}
