import CZlib
import ParleyCore
import ParleyStore
import ParleyTesting

@testable import ParleyTransfer

/// A store to import exports into, and short ways to do it.
struct Bringing {
    let store: MemoryStore
    let ids: SequentialIDs
    let clock: ManualClock

    init(series: UInt16 = 1) {
        clock = ManualClock(Importing.now)
        ids = SequentialIDs(series: series)
        store = MemoryStore(clock: clock, ids: ids)
    }

    /// Imports bytes, in pieces as they come from a network.
    @discardableResult
    func callAsFunction(
        _ format: ImportFormat,
        _ bytes: [UInt8],
        as identity: Identity = .alice
    ) async throws -> (account: ImportAccount, batch: ImportBatchID) {
        let batch: ImportBatchID = ids.make()
        let job = ImportJob(format, into: store, batch: batch, clock: clock, maximumBytes: 64 << 20)
        return (try await job(ImportSource(bytes), as: identity), batch)
    }

    @discardableResult
    func callAsFunction(_ format: ImportFormat, _ json: JSON, as identity: Identity = .alice) async throws
        -> ImportAccount
    {
        try await self(format, json.serialized, as: identity).account
    }

    func conversations(as identity: Identity = .alice) async throws -> [Conversation] {
        let page = PageRequest(limit: 100)
        return try await store.conversations(ConversationFilter(), page: page, as: identity).elements
    }

    /// A conversation by its title.
    func titled(_ title: String) async throws -> Conversation? {
        try await conversations().first { $0.title == title }
    }

    func log(_ id: ConversationID, as identity: Identity = .alice) async throws -> [Message] {
        try await store.messages(in: id, .after(0), limit: 100, as: identity).messages
    }

    func texts(_ conversation: Conversation?) async throws -> [String] {
        guard let conversation else { return [] }
        return try await log(conversation.id).map(\.content)
    }

    func versions(_ index: Int, of conversation: Conversation?) async throws -> [String] {
        guard let conversation else { return [] }
        let message = try await log(conversation.id)[index]
        return try await store.versions(of: message.id, in: conversation.id, as: .alice).map(\.content)
    }

    func export(_ format: ExportFormat = .jsonl, as identity: Identity = .alice) async throws -> [UInt8] {
        try await Self.export(format, from: store, as: identity)
    }

    static func export(
        _ format: ExportFormat = .jsonl,
        from store: any ConversationStore,
        as identity: Identity = .alice
    ) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        try await ConversationExport(format, from: store)(as: identity) { bytes += $0 }
        return bytes
    }
}

/// Makes zip archives, good ones and bad ones.
struct ZipMaker {
    struct File {
        var name: String
        var bytes: [UInt8]
        var isDeflated = true
        var flags: UInt16 = 0
        /// What the directory says of its length, where that is a lie.
        var claimedSize: Int?
        var localName: String?
    }

    static func archive(_ files: [File]) -> [UInt8] {
        var archive: [UInt8] = []
        var directory: [UInt8] = []
        for file in files {
            let packed = file.isDeflated ? deflated(file.bytes) : file.bytes
            let checksum = UInt32(file.bytes.withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) })
            let size = UInt32(file.claimedSize ?? file.bytes.count)
            let method: UInt16 = file.isDeflated ? 8 : 0
            let offset = UInt32(archive.count)
            let localName = Array((file.localName ?? file.name).utf8)
            let common =
                le(file.flags) + le(method) + le(UInt32(0)) + le(checksum) + le(UInt32(packed.count)) + le(size)
            archive += le(UInt32(0x0403_4B50)) + le(UInt16(20)) + common + le(UInt16(localName.count)) + le(UInt16(0))
            archive += localName + packed
            let name = Array(file.name.utf8)
            directory += le(UInt32(0x0201_4B50)) + le(UInt16(20)) + le(UInt16(20)) + common
            directory += le(UInt16(name.count)) + [UInt8](repeating: 0, count: 12) + le(offset) + name
        }
        let count = UInt16(files.count)
        let end =
            le(UInt32(0x0605_4B50)) + le(UInt32(0)) + le(count) + le(count) + le(UInt32(directory.count))
            + le(UInt32(archive.count)) + le(UInt16(0))
        return archive + directory + end
    }

    private static func le<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        czlib_deflate_init(&stream, 9, 15, 8)
        defer { deflateEnd(&stream) }
        var input = bytes
        return [UInt8](unsafeUninitializedCapacity: Int(deflateBound(&stream, UInt(bytes.count)))) { output, count in
            input.withUnsafeMutableBufferPointer { source in
                stream.next_in = source.baseAddress
                stream.avail_in = UInt32(source.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                _ = deflate(&stream, Z_FINISH)
                count = output.count - Int(stream.avail_out)
            }
        }
    }
}
