/// Public keys that are known to be worth nothing, whatever their size.
enum WeakKeys {
    /// Whether an RSA modulus, big-endian, bears the fingerprint of the primes that Infineon's RSALib made.
    ///
    /// Such a prime is k · M + (65537^a mod M), with M the product of the first primes; a modulus of two of them is,
    /// by every one of those small primes, a power of 65537. Of other moduli about one in 2^27 is. After Nemec, Sys,
    /// Svenda, Klinec and Matyas: "The Return of Coppersmith's Attack", ACM CCS 2017, section 2.2 (CVE-2017-15361).
    static func isROCA(modulus: [UInt8]) -> Bool {
        powers.allSatisfy { prime, powers in
            powers[modulus.reduce(0) { ($0 << 8 | Int($1)) % prime }]
        }
    }

    /// By each of the odd primes that every size of such keys has in its M: which remainders are powers of 65537.
    private static let powers: [(prime: Int, powers: [Bool])] = stride(from: 3, through: 167, by: 2)
        .filter { number in !stride(from: 3, to: number, by: 2).contains { number.isMultiple(of: $0) } }
        .map { prime in
            var powers = [Bool](repeating: false, count: prime)
            var power = 1
            while !powers[power] {
                powers[power] = true
                power = power * 65_537 % prime
            }
            return (prime, powers)
        }

    /// Whether an Ed25519 point, as 32 bytes, has an order that divides 8.
    ///
    /// Under such a key one signature fits many messages, and needs no private key. The encodings are the seven that a
    /// decoder takes for such a point, each with either sign: 0, 1, two of order 8, and p - 1, p, p + 1.
    static func isSmallOrder(ed25519 point: [UInt8]) -> Bool {
        guard let last = point.last else { return false }
        let unsigned = point.dropLast() + [last & 0x7F]
        return smallOrder.contains { $0.elementsEqual(unsigned) }
    }

    private static let smallOrder: [[UInt8]] = [
        [0] + zeros + [0],
        [1] + zeros + [0],
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
        [0xEC] + ones + [0x7F],
        [0xED] + ones + [0x7F],
        [0xEE] + ones + [0x7F],
    ]
    private static let zeros = [UInt8](repeating: 0, count: 30)
    private static let ones = [UInt8](repeating: 0xFF, count: 30)
}
