import AsyncAlgorithms
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ParleyCore
import ParleyTransfer

/// `GET /api/export`: what the caller owns, as a file that is written while it is read.
struct ExportRoutes {
    private let dependencies: ServerDependencies

    init(_ dependencies: ServerDependencies) {
        self.dependencies = dependencies
    }

    func add(to api: RouterGroup<ServerContext>) {
        api.get("export", use: export)
    }

    @Sendable private func export(_ request: Request, _ context: ServerContext) async throws -> Response {
        let identity = try context.identity
        let query = Query(request)
        guard let format: ExportFormat = try query.choice("format") else {
            throw ParleyError.invalid("format", "format is required.")
        }
        let conversation: ConversationID? = try query.reference("conversation_id")
        try await dependencies.spend(.imports, of: identity, at: request.clientAddress(in: context))
        let export = ConversationExport(format, from: dependencies.store)
        // While there can still be an answer that says no.
        if let conversation { try await export.check(conversation, as: identity) }
        return Response(
            status: .ok,
            headers: [
                .contentType: format.contentType,
                .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"parley-export.\(format.fileExtension)\"",
            ],
            body: ResponseBody { writer in
                let chunks = AsyncChannel<ByteBuffer>()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        defer { chunks.finish() }
                        try await export(of: conversation, as: identity) { bytes in
                            try await context.send(bytes, through: chunks)
                        }
                    }
                    for await chunk in chunks { try await writer.write(chunk) }
                    // What went wrong in the middle ends the connection, so that nobody takes a part for the whole.
                    try await group.waitForAll()
                }
                try await writer.finish(nil)
            }
        )
    }
}

extension ServerContext {
    /// Hands bytes on as fast as the client takes them; one that takes nothing is disconnected.
    fileprivate func send(_ bytes: [UInt8], through chunks: AsyncChannel<ByteBuffer>) async throws {
        guard !bytes.isEmpty else { return }
        try Task.checkCancellation()
        let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(Limits.writeTimeout)) { [channel, logger] in
            logger.debug("A client has stopped reading its export")
            channel.close(promise: nil)
        }
        defer { deadline.cancel() }
        await chunks.send(ByteBuffer(bytes: bytes))
    }
}
