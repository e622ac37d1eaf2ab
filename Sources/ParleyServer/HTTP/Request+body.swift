import HTTPTypes
import Hummingbird
import NIOCore
import ParleyCore

extension Request {
    /// The body as a JSON object; an empty body counts as `{}`.
    ///
    /// - Throws: What ``jsonBytes(in:maximumBytes:)`` does, and 400 for what is not JSON or not an object.
    func jsonBody(
        in context: ServerContext,
        maximumBytes: Int = Limits.bodyBytes
    ) async throws -> Fields {
        let buffer = try await jsonBytes(in: context, maximumBytes: maximumBytes)
        guard buffer.readableBytes > 0 else { return Fields(JSONObject()) }
        do {
            guard case .object(let object) = try JSON(parsing: buffer.readableBytesView) else {
                throw ParleyError(.invalidRequest, "The body must be a JSON object.")
            }
            return Fields(object)
        } catch let error as JSONSyntaxError {
            throw ParleyError(.invalidRequest, "The body is not JSON: \(error.reason), at byte \(error.offset).")
        }
    }

    /// The bytes of a body that should be JSON.
    ///
    /// - Throws: 415 where a `Content-Type` says it is something else, 413 above `maximumBytes`, 503 where it does not arrive
    ///   in time.
    func jsonBytes(in context: ServerContext, maximumBytes: Int) async throws -> ByteBuffer {
        try await bytes(of: .json, in: context, maximumBytes: maximumBytes)
    }

    /// What a body may be.
    enum BodyKind {
        case json
        /// Another program's export: JSON, lines of it, or an archive. None of these can a page of another site send unasked.
        case export
    }

    /// The bytes of a body of some kind; throws what ``jsonBytes(in:maximumBytes:)`` does.
    func bytes(of kind: BodyKind, in context: ServerContext, maximumBytes: Int) async throws -> ByteBuffer {
        if let contentType = headers[.contentType], !Self.isJSON(contentType) {
            guard kind == .export else {
                throw ParleyError(.unsupportedMediaType, "The body must be application/json.")
            }
            guard Self.isExport(contentType) else {
                throw ParleyError(
                    .unsupportedMediaType,
                    "The body must be application/json, application/x-ndjson or application/zip."
                )
            }
        }
        if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
            throw ParleyError(.unsupportedMediaType, "The body must not be compressed.")
        }
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > maximumBytes {
            throw Self.tooLarge(maximumBytes)
        }
        return try await collectBody(in: context, maximumBytes: maximumBytes)
    }

    /// The whole body, within its limits.
    ///
    /// The deadline is a timer of the connection's event loop, which costs nothing when it is taken back; a sleeping task
    /// would leave its own behind for every body.
    private func collectBody(in context: ServerContext, maximumBytes: Int) async throws -> ByteBuffer {
        let channel = context.channel
        let start = ContinuousClock.now
        let deadline = channel.eventLoop.scheduleTask(in: TimeAmount(Limits.bodyTimeout)) {
            channel.close(mode: .input, promise: nil)
        }
        defer { deadline.cancel() }
        do {
            return try await body.collect(upTo: maximumBytes)
        } catch is NIOTooManyBytesError {
            throw Self.tooLarge(maximumBytes)
        } catch is CancellationError {
            throw ParleyError.unavailable("The server is shutting down.")
        } catch  where start.duration(to: .now) >= Limits.bodyTimeout {
            throw ParleyError.unavailable(
                "The body did not arrive within \(Limits.bodyTimeout).",
                cause: DeadlineExceeded()
            )
        } catch {
            // The client has left in the middle: there is nobody to tell, and nothing wrong here.
            throw ParleyError(.invalidRequest, "The body ended too soon.", cause: error)
        }
    }

    private static func tooLarge(_ maximumBytes: Int) -> ParleyError {
        ParleyError(.payloadTooLarge, "The body is larger than \(maximumBytes) bytes.")
    }

    private static func isExport(_ contentType: String) -> Bool {
        ["application/x-ndjson", "application/zip", "application/x-zip-compressed", "application/octet-stream"]
            .contains(mediaType(contentType))
    }

    private static func mediaType(_ contentType: String) -> String {
        contentType.prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
    }

    private static func isJSON(_ contentType: String) -> Bool {
        let type = mediaType(contentType)
        return type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json")
    }
}
