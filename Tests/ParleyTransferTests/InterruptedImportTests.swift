import ParleyCore
import ParleyStore
import ParleyTesting
import Synchronization
import Testing

@testable import ParleyTransfer

@Suite("An import that is cut off")
struct InterruptedImportTests {
    /// A store that can't be reached any more after some calls.
    private final class Leaving: WrappingStore {
        let wrapped: any ConversationStore
        private let left: Mutex<Int>

        init(_ base: any ConversationStore, after calls: Int) {
            wrapped = base
            left = Mutex(calls)
        }

        func settled<Value: Sendable>(_ commit: Commit<Value>) async -> Commit<Value> { commit }

        func importConversation(
            _ input: ImportedConversation,
            as identity: Identity
        ) async throws -> Commit<ImportOutcome> {
            let isThere = left.withLock { left in
                left -= 1
                return left >= 0
            }
            guard isThere else { throw ParleyError.unavailable("The disk is away.") }
            return try await wrapped.importConversation(input, as: identity)
        }
    }

    @Test("Whatever was stored of it is there, and the same again completes it", arguments: 0...3)
    func completed(calls: Int) async throws {
        let bring = Importing()
        let long = (0...Limits.messagesPerImport).map { JSON.stored("\($0)", "user", "text \($0)") }
        let dump: JSON = ["chat_messages_a": .array(long), "chat_messages_b": [.stored("1", "user", "x")]]
        let plan = try await bring.plan(of: dump)
        let store = Leaving(bring.store, after: calls)
        do {
            _ = try await ImportRun(store)(plan, as: .alice)
            #expect(calls == 3)
        } catch let error as ParleyError {
            #expect(error.code == .unavailable && calls < 3)
        }
        let kept = [0, Limits.messagesPerImport, long.count, long.count + 1][calls]
        let again = try await bring(dump)
        #expect(again.count(of: .alreadyThere) == kept)
        #expect(again.count(of: .imported) == long.count + 1 - kept)
        #expect(again.conversations.map(\.messages) == [long.count, 1])
        #expect(try await bring(dump).count(of: .imported) == 0)
    }
}
