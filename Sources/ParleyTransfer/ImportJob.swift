public import ParleyCore

/// One import: reads a source from its beginning to its end, and brings what is in it into a store as it comes.
///
/// Memory is bounded by one conversation, but for a browser's storage, which is small. What was committed stays where
/// something fails in the middle, and the same again completes it.
public struct ImportJob: Sendable {
    /// Runs what takes a thread for itself.
    public typealias Offload =
        @Sendable (_ work: @escaping @Sendable () throws -> ImportPlan) async throws -> ImportPlan

    private let format: ImportFormat
    private let store: any ConversationStore
    private let batch: ImportBatchID
    private let clock: any WallClock
    private let maximumBytes: Int
    private let offload: Offload

    /// Prepares an import under a batch's id.
    ///
    /// `maximumBytes` is how much an archive may unpack to; what is no archive is as long as its source.
    public init(
        _ format: ImportFormat,
        into store: any ConversationStore,
        batch: ImportBatchID,
        clock: any WallClock = SystemClock(),
        maximumBytes: Int = .max,
        offload: @escaping Offload = { try $0() }
    ) {
        self.format = format
        self.store = store
        self.batch = batch
        self.clock = clock
        self.maximumBytes = maximumBytes
        self.offload = offload
    }

    /// Imports a source, and says what became of each record of it.
    ///
    /// - Throws: ``ParleyError/Code/invalidRequest`` for what can't be read, or holds nothing of the format;
    ///   ``ParleyError/Code/payloadTooLarge`` for what unpacks to too much; what the store throws. Where something of it was
    ///   imported before that showed, the message says so, and names the batch by which it can be taken back.
    public func callAsFunction(_ source: ImportSource, as identity: Identity) async throws -> ImportAccount {
        let home = try await store.personalProject(as: identity)
        let now = clock.now()
        guard format != .localStorage else { return try await bringStorage(source, to: home, as: identity, at: now) }
        var progress = Progress(format: format, store: store, batch: batch, home: home, identity: identity, now: now)
        do {
            try await read(source, into: &progress)
            return try progress.result()
        } catch let error as ParleyError where error.code == .invalidRequest || error.code == .payloadTooLarge {
            throw progress.explaining(error)
        }
    }

    private func read(_ source: ImportSource, into progress: inout Progress) async throws {
        // A pipe can't be looked into first; and what is in an archive stands at its end.
        guard source.size != nil, ZipArchive.isArchive(try source.read(at: 0, 4)) else {
            return try await read(PlainReader(source), named: nil, into: &progress)
        }
        let archive = try ZipArchive(source)
        let (fitting, rest) = (archive.entries.filter(format.reads), archive.entries.filter { !format.reads($0) })
        guard !fitting.isEmpty else { throw ParleyError.nothing(of: format) }
        for entry in rest where !entry.name.hasSuffix("/") {
            progress.note(ImportPlan.left(entry.name, .notMessageData))
        }
        for entry in fitting.sorted(by: { $0.name < $1.name }) {
            try await read(try InflatingReader(entry, in: archive), named: entry.name, into: &progress)
        }
    }

    private func read(
        _ reader: consuming some ChunkReader,
        named name: String?,
        into progress: inout Progress
    ) async throws {
        var splitter = JSONSplitter(format.shape)
        progress.begin(name)
        while let chunk = try reader.next() {
            progress.bytes += chunk.count
            guard progress.bytes <= maximumBytes else {
                throw ParleyError(.payloadTooLarge, "The archive unpacks to more than \(maximumBytes) bytes.")
            }
            for piece in try splitter.feed(chunk) { try await progress.take(piece, offload) }
        }
        for piece in splitter.finish() { try await progress.take(piece, offload) }
        try await progress.end()
    }

    private func bringStorage(
        _ source: ImportSource,
        to home: Project,
        as identity: Identity,
        at now: Timestamp
    ) async throws -> ImportAccount {
        var reader = PlainReader(source)
        var bytes: [UInt8] = []
        while let chunk = try reader.next() {
            bytes += chunk
            guard bytes.count <= Limits.importBodyBytes else {
                throw ParleyError(.payloadTooLarge, "A browser's storage is never larger than this.")
            }
        }
        let dump = bytes
        let plan = try await offload {
            try LocalStorageImport.plan(dump, importer: identity.email, home: home.id, now: now)
        }
        return try await ImportRun(store, expiryLimit: home.expiryLimit(at: now))(plan, batch: batch, as: identity)
    }
}

extension ImportJob {
    /// What has been read so far, and what became of it.
    private struct Progress {
        private let reading: ForeignReading
        private let run: ImportRun
        private let batch: ImportBatchID
        private let identity: Identity
        private var account = ImportAccount()
        /// How many records were put aside: counted as they come, since the account may be long.
        private var quarantined = 0
        private var lines: ExportImport?
        private var name: String?
        private var count = 0
        var bytes = 0

        init(
            format: ImportFormat,
            store: any ConversationStore,
            batch: ImportBatchID,
            home: Project,
            identity: Identity,
            now: Timestamp
        ) {
            reading = ForeignReading(format: format, importer: identity.email, home: home.id, now: now)
            run = ImportRun(store, expiryLimit: home.expiryLimit(at: now))
            self.batch = batch
            self.identity = identity
            if format == .jsonl {
                lines = ExportImport(store, batch: batch, home: home, identity: identity, now: now)
            }
        }

        mutating func begin(_ name: String?) {
            self.name = name
            count = 0
            lines?.begin()
        }

        mutating func end() async throws {
            guard let more = try await lines?.end() else { return }
            add(more)
        }

        mutating func note(_ plan: ImportPlan) {
            add(ImportAccount(items: plan.items))
        }

        private mutating func add(_ more: ImportAccount) {
            quarantined += more.count(of: .quarantined)
            account.add(more, listing: Limits.importRecords)
        }

        mutating func take(_ piece: JSONSplitter.Piece, _ offload: Offload) async throws {
            count += 1
            if lines != nil {
                guard let more = try await lines?.take(piece, line: count) else { return }
                add(more)
            } else {
                var plan = try await plan(of: piece, offload)
                if let kept = try await run.displaced(by: plan, as: identity) {
                    plan = try await self.plan(of: piece, offload, keeping: kept)
                }
                add(try await run(plan, batch: batch, as: identity))
            }
            guard quarantined <= Limits.importFailures else {
                throw ParleyError(
                    .invalidRequest,
                    "More than \(Limits.importFailures) records can't be imported; is the source of this format?"
                )
            }
        }

        private func plan(
            of piece: JSONSplitter.Piece,
            _ offload: Offload,
            keeping kept: MessageID? = nil
        ) async throws -> ImportPlan {
            let place = (name.map { $0 + "/" } ?? "") + "conversation \(count)"
            switch piece {
            case .tooLarge: return .refused(place, .tooLarge)
            case .cutOff: return .refused(place, .cutOff)
            case .text(let text):
                let reading = reading
                return try await offload { reading.plan(text, named: place, keeping: kept) }
            }
        }

        /// An error that ends the import, with what was imported before.
        func explaining(_ error: ParleyError) -> ParleyError {
            let count = account.count(of: .imported)
            guard count > 0 else { return error }
            var error = error
            error.message += """
                 What came before it stays: \(count) records are imported, as batch \(batch), by which they can be taken \
                back; importing all of it adds the rest.
                """
            return error
        }

        /// The account; a source of which nothing was found was none of this format.
        func result() throws -> ImportAccount {
            guard account.found > 0 || count > 0 else { throw ParleyError.nothing(of: reading.format) }
            return account
        }
    }
}

extension ImportPlan {
    /// A record that is nothing to import.
    fileprivate static func left(_ key: String, _ reason: ImportReason) -> ImportPlan {
        var plan = ImportPlan()
        _ = plan.note(key, nil, .leftAlone, reason)
        return plan
    }
}

extension ParleyError {
    fileprivate static func nothing(of format: ImportFormat) -> ParleyError {
        ParleyError(.invalidRequest, "The source holds nothing of the format \(format.rawValue).")
    }
}
