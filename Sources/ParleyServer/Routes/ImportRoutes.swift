import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import ParleyCore
import ParleyTransfer
import Synchronization

/// `/api/import` and `/api/imports`: what existed elsewhere comes into the caller's projects, and can be taken back.
struct ImportRoutes {
    private let dependencies: ServerDependencies
    private let places = ImportPlaces()

    init(_ dependencies: ServerDependencies) {
        self.dependencies = dependencies
    }

    func add(to api: RouterGroup<ServerContext>) {
        api.post("import", use: bring)
        api.get("imports", use: list)
        api.delete("imports/:batch", use: undo)
    }

    @Sendable private func bring(_ request: Request, _ context: ServerContext) async throws -> Response {
        let identity = try context.identity
        let query = Query(request)
        guard let format: ImportFormat = try query.choice("format") else {
            throw ParleyError.invalid("format", "format is required.")
        }
        // Before the body, which may be large.
        try await dependencies.spend(.imports, of: identity, at: request.clientAddress(in: context))
        return try await places.withPlace {
            let body = try await request.bytes(
                of: format == .localStorage ? .json : .export,
                in: context,
                maximumBytes: Limits.importBodyBytes
            )
            let batch: ImportBatchID = dependencies.ids.make()
            let job = ImportJob(
                format,
                into: dependencies.store,
                batch: batch,
                clock: dependencies.clock,
                maximumBytes: Limits.importUnpackedBytes,
                // Reading megabytes takes a second of a thread.
                offload: { work in try await NIOThreadPool.singleton.runIfActive { try work() } }
            )
            let source = ImportSource(size: body.readableBytes) { offset, count in
                body.getBytes(at: body.readerIndex + offset, length: min(count, body.readableBytes - offset)) ?? []
            }
            let account = try await job(source, as: identity)
            return .json(capacity: 1024 + 256 * account.items.count) { $0.account(account, of: format, batch) }
        }
    }

    @Sendable private func list(_ request: Request, _ context: ServerContext) async throws -> Response {
        let batches = try await dependencies.batches?.importBatches(as: try context.identity) ?? []
        return .json { writer in
            writer.object { writer in
                writer.name("imports")
                writer.array { writer in
                    for batch in batches { writer.batch(batch) }
                }
            }
        }
    }

    @Sendable private func undo(_ request: Request, _ context: ServerContext) async throws -> Response {
        let identity = try context.identity
        let batch: ImportBatchID = try context.pathID("batch")
        guard let batches = dependencies.batches else { throw ParleyError.notFound }
        let account = try await ImportUndo(dependencies.store, batches: batches)(batch, as: identity)
        return .json { $0.undone(account, batch) }
    }
}

/// Places for imports, as many as memory allows.
private final class ImportPlaces: Sendable {
    private let taken = Mutex(0)

    func withPlace<Value>(_ body: () async throws -> Value) async throws -> Value {
        let isFree = taken.withLock { taken in
            guard taken < Limits.importsAtOnce else { return false }
            taken += 1
            return true
        }
        guard isFree else {
            throw ParleyError.unavailable("Others are importing; try again in a little.", retryAfter: .seconds(5))
        }
        defer { taken.withLock { $0 -= 1 } }
        return try await body()
    }
}
