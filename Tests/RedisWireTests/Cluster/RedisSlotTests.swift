import ParleyTesting
import Testing

@testable import RedisWire

struct RedisSlotTests {
    @Test("The checksum is CRC-16/XMODEM")
    func checksum() {
        #expect(RedisSlot.checksum("123456789".utf8) == 0x31C3)
        #expect(RedisSlot.checksum("".utf8) == 0)
    }

    @Test(
        "Keys have the slots that the specification says, by their hash tag where they have one",
        arguments: [
            ("", 0), ("123456789", 0x31C3), ("foo", 12182), ("bar", 5061), ("{foo}", 12182), ("{foo}.x", 12182),
            ("foo{bar}{zap}", 5061), ("x{foo", RedisSlot(ofKey: "x{foo").number),
        ]
    )
    func slots(key: String, slot: Int) {
        #expect(RedisSlot(ofKey: .string(key)).number == slot)
    }

    @Test("An empty tag is none, the first brace opens and the first behind it closes")
    func tags() {
        #expect(RedisSlot(ofKey: "{user1000}.following") == RedisSlot(ofKey: "{user1000}.followers"))
        #expect(RedisSlot(ofKey: "foo{}{bar}").number == Int(RedisSlot.checksum("foo{}{bar}".utf8)) % RedisSlot.count)
        #expect(RedisSlot(ofKey: "foo{{bar}}zap").number == Int(RedisSlot.checksum("{bar".utf8)) % RedisSlot.count)
        #expect(RedisSlot(ofKey: "}{bar}") == RedisSlot(ofKey: "bar"))
    }

    @Test("A node counts the same slots, whatever bytes a key has")
    func asTheServer() async throws {
        let cluster = try await TestRedisCluster.shared()
        let node = RedisConfiguration.patient(port: cluster.ports[0])
        var random = SplitMix64(seed: 16_384)
        try await withConnectedClient(node) { client async throws in
            for _ in 0..<300 {
                let alphabet: [UInt8] = Array("{}ab\0\u{e9}".utf8)
                let length = Int.random(in: 0...12, using: &random)
                let key = RedisArgument.bytes((0..<length).compactMap { _ in alphabet.randomElement(using: &random) })
                let slot = try await client.send(["CLUSTER", "KEYSLOT", key]).integer
                #expect(slot == Int64(RedisSlot(ofKey: key).number))
            }
        }
    }

    @Test("There are 16 384 slots")
    func numbers() {
        #expect(RedisSlot(0)?.number == 0)
        #expect(RedisSlot(16_383)?.number == 16_383)
        #expect(RedisSlot(16_384) == nil)
        #expect(RedisSlot(-1) == nil)
    }
}
