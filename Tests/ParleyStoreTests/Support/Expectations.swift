import ParleyCore
import Testing

/// Expects a ``ParleyError`` of this code, and returns it.
@discardableResult
func expectError<Value>(
    _ code: ParleyError.Code,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Value
) async -> ParleyError? {
    do {
        _ = try await body()
        Issue.record("no error, where \(code) was expected", sourceLocation: sourceLocation)
    } catch let error as ParleyError {
        #expect(error.code == code, sourceLocation: sourceLocation)
        return error
    } catch {
        Issue.record(error, sourceLocation: sourceLocation)
    }
    return nil
}

/// All of an error that a client can see.
struct VisibleError: Hashable {
    let code: ParleyError.Code
    let message: String
    let parameter: String?
    let retryAfter: Duration?
    let revision: Int?

    init(_ error: ParleyError) {
        code = error.code
        message = error.message
        parameter = error.parameter
        retryAfter = error.retryAfter
        revision = error.revision
    }
}

extension [Change] {
    /// What kinds of change these are, with their revisions: what most tests are about.
    var summary: [String] {
        map { change in
            switch change {
            case .conversationCreated(let conversation): "created \(conversation.revision)"
            case .conversationUpdated(let conversation): "updated \(conversation.revision)"
            case .conversationDeleted(let conversation): "deleted \(conversation.revision)"
            case .messageAppended(let message): "appended \(message.revision)"
            case .messageUpdated(let message): "message updated \(message.revision)"
            }
        }
    }
}

extension StringProtocol {
    /// The bytes, for comparing what `==` would take for one.
    var bytes: [UInt8] { Array(utf8) }
}
