import ParleyCore
import Synchronization

@testable import ParleyLive

/// A client's connection, which keeps what it is told.
final class Tab: LiveOutlet {
    /// What it was told.
    struct Told: Sendable {
        var frames: [LiveFrame] = []
        var closings: [LiveClosing] = []

        /// The types of the frames.
        var types: [String] { frames.map(\.type) }

        /// What events of one conversation were about, by revision.
        func revisions(of conversation: ConversationID) -> [Int] {
            frames.filter { $0.about.conversationID == conversation }.compactMap(\.about.revision)
        }
    }

    private struct Waiter {
        let isTrue: (Told) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var told = Told()
        var waiters: [Int: Waiter] = [:]
        var nextID = 0

        mutating func served() -> [CheckedContinuation<Void, Never>] {
            let served = waiters.filter { $0.value.isTrue(told) }
            for id in served.keys { waiters[id] = nil }
            return served.values.map(\.continuation)
        }
    }

    let group: any LiveOutletGroup
    let session: LiveSession
    private let state = Mutex(State())

    init(_ session: LiveSession, in group: any LiveOutletGroup) {
        self.session = session
        self.group = group
    }

    func send(_ frame: LiveFrame) {
        change { $0.frames.append(frame) }
    }

    func close(_ closing: LiveClosing) {
        change { $0.closings.append(closing) }
    }

    /// What it was told until now.
    var told: Told { state.withLock(\.told) }

    /// Waits until what it was told is as it should be, or the test has taken too long.
    func waits(until isTrue: @escaping @Sendable (Told) -> Bool) async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let goesOn = state.withLock { state in
                    guard !isTrue(state.told), !Task.isCancelled else { return true }
                    state.waiters[id] = Waiter(isTrue: isTrue, continuation: continuation)
                    return false
                }
                if goesOn { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
        }
    }

    /// Waits for a first, or another, frame of a type.
    func waits(for type: String, count: Int = 1) async {
        await waits { told in told.frames.count { $0.type == type } >= count }
    }

    /// Waits until a conversation's revision was told.
    func waits(for revision: Int, of conversation: ConversationID) async {
        await waits { $0.revisions(of: conversation).contains(revision) }
    }

    /// Waits until it is closed, and says why.
    func closing() async -> LiveClosing? {
        await waits { !$0.closings.isEmpty }
        return told.closings.first
    }

    /// Waits until all that was delivered before has arrived.
    func fence() async {
        await withCheckedContinuation { continuation in
            group.inLine { continuation.resume() }
        }
    }

    /// Sends a command.
    func sends(_ json: String) {
        session.receive(Array(json.utf8))
    }

    /// Asks to be kept in step with a conversation.
    func subscribes(to conversation: ConversationID, since revision: Int? = nil) {
        let since = revision.map { #","since_revision":\#($0)"# } ?? ""
        sends(#"{"type":"subscribe","conversation_id":"\#(conversation)"\#(since)}"#)
    }

    private func change(_ body: (inout Told) -> Void) {
        let served = state.withLock { state in
            body(&state.told)
            return state.served()
        }
        for continuation in served { continuation.resume() }
    }
}

extension LiveFrame {
    /// The JSON object, read back.
    var object: JSON? { try? JSON(parsing: json) }
}
