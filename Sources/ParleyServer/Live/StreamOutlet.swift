import NIOCore
import ParleyCore
import ParleyLive
import ParleyMetrics
import Synchronization

/// One stream of server-sent events, as the hub sees it, with a bounded queue of what its client has not taken yet.
///
/// A queue that is full is emptied, and one `resync` stands in the place of all that was in it.
final class StreamOutlet: LiveOutlet, LiveOutletGroup {
    private struct State {
        var waiting = ByteBuffer()
        // Whether a `resync` stands for what was dropped: until it is taken, nothing comes behind it.
        var isOverflown = false
        var lastTaken: Duration
        var isClosed = false
        var reader: CheckedContinuation<ByteBuffer?, Never>?
        /// Who waits until the client has taken what there is.
        var patient: [CheckedContinuation<Void, Never>] = []

        mutating func take(at now: Duration) -> ByteBuffer {
            lastTaken = now
            isOverflown = false
            defer { waiting = ByteBuffer() }
            return waiting
        }
    }

    private let line = Mutex<Void>(())
    private let state: Mutex<State>
    private let metrics: LiveMetrics
    private let elapsed: @Sendable () -> Duration

    var group: any LiveOutletGroup { self }

    init(metrics: LiveMetrics, elapsed: @escaping @Sendable () -> Duration) {
        self.metrics = metrics
        self.elapsed = elapsed
        state = Mutex(State(lastTaken: elapsed()))
    }

    // MARK: For the hub

    func deliver(_ frame: LiveFrame, to sessions: [LiveSession]) {
        line.withLock { _ in for session in sessions { session.pass(frame) } }
    }

    func inLine(_ body: @escaping @Sendable () -> Void) {
        line.withLock { _ in body() }
    }

    func ready() async {}

    func send(_ frame: LiveFrame) {
        metrics.frames(1)
        put(frame.serverSent)
    }

    func drained() async {
        await withCheckedContinuation { continuation in
            let goesOn = state.withLock { state in
                guard !state.isClosed, state.waiting.readableBytes >= Limits.socketPortionBytes else { return true }
                state.patient.append(continuation)
                return false
            }
            if goesOn { continuation.resume() }
        }
    }

    /// Lets those go on who wait until the client has taken what there is.
    func goOn() {
        let patient = state.withLock { state in
            defer { state.patient = [] }
            return state.patient
        }
        for continuation in patient { continuation.resume() }
    }

    func close(_ closing: LiveClosing) {
        defer { goOn() }
        let reader = state.withLock { state in
            state.isClosed = true
            guard state.waiting.readableBytes == 0 else { return nil as CheckedContinuation<ByteBuffer?, Never>? }
            return state.reader.take()
        }
        reader?.resume(returning: nil)
    }

    // MARK: For the connection

    /// A comment, which shows that the stream is alive; not needed where something waits already.
    func showLife() {
        let isIdle = state.withLock { $0.waiting.readableBytes == 0 }
        if isIdle { put(ByteBuffer(string: ": keep-alive\n\n")) }
    }

    /// Whether the queue was full, and nothing has been taken for as long as that is allowed.
    var isStalled: Bool {
        let now = elapsed()
        return state.withLock { $0.isOverflown && now - $0.lastTaken >= Limits.socketStall }
    }

    /// All that waits, once there is something; `nil` at the end.
    ///
    /// For one task.
    func next() async -> ByteBuffer? {
        goOn()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let bytes = state.withLock { state -> ByteBuffer?? in
                    if state.waiting.readableBytes > 0 { return .some(state.take(at: elapsed())) }
                    if state.isClosed || Task.isCancelled { return .some(nil) }
                    state.reader = continuation
                    return nil
                }
                if let bytes { continuation.resume(returning: bytes) }
            }
        } onCancel: {
            state.withLock { $0.reader.take() }?.resume(returning: nil)
        }
    }

    private func put(_ bytes: ByteBuffer) {
        let (reader, taken, overflows) = state.withLock {
            state -> (CheckedContinuation<ByteBuffer?, Never>?, ByteBuffer?, Bool) in
            guard !state.isClosed, !state.isOverflown else { return (nil, nil, false) }
            var overflows = false
            // One alone is taken whatever its size: else it would never come.
            if state.waiting.readableBytes > 0,
                state.waiting.readableBytes + bytes.readableBytes > Limits.socketQueueBytes
            {
                state.waiting = LiveFrame.resync(nil, .slow).serverSent
                state.isOverflown = true
                overflows = true
            } else {
                state.waiting.writeImmutableBuffer(bytes)
            }
            guard let reader = state.reader.take() else { return (nil, nil, overflows) }
            return (reader, state.take(at: elapsed()), overflows)
        }
        if overflows { metrics.resynced(.slow) }
        reader?.resume(returning: taken)
    }
}

extension LiveFrame {
    /// The frame as a server-sent event: `event:`, `data:`, and for pieces the `id:` to resume behind.
    fileprivate var serverSent: ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(json.count + 128)
        bytes.writeString("event: \(type)\n")
        if let streamID { bytes.writeString("id: \(streamID)\n") }
        bytes.writeString("data: ")
        bytes.writeBytes(json)
        bytes.writeString("\n\n")
        return bytes
    }
}
