internal import NIOCore

/// What waits to be sent on one socket: bounded, in order, and never losing a message in silence.
///
/// A pure state machine.
///
/// While the channel takes bytes and nothing waits, frames go straight through. Then they wait. When as much waits as may,
/// all waiting messages are dropped and one substitute stands in their place, which tells the peer that it missed something;
/// what is offered until the substitute has been handed to the channel is dropped too: the substitute tells of that as well.
/// Control frames don't count: of pings and pongs only the latest waits (RFC 6455, 5.5.3), and a Close frame is the last.
struct SendQueue<Frame>: ~Copyable {
    /// What became of a frame.
    enum Offer {
        /// To be written now.
        case write(Frame)
        case waits
        /// It and so many that waited were dropped; the substitute stands in their place.
        case overflowed(dropped: Int)
        /// The substitute that waits stands for this one too.
        case dropped
        /// A Close frame was sent or waits: nothing may follow it.
        case refused
    }

    /// What is to be written next.
    enum Next {
        case data(Frame)
        case substitute
        case control(Frame)
        case close(Frame)
    }

    private struct Waiting {
        let frame: Frame
        let bytes: Int
    }

    /// Made when something has to wait; most sockets never have any.
    private final class Backlog {
        var data = CircularBuffer<Waiting>()
        var ping: Frame?
        var pong: Frame?
        var close: Frame?
        /// When the substitute was put, or bytes moved last since then; nil while no substitute waits.
        var stalledSince: NIODeadline?
        /// What was left in the channel's own buffer when last looked at.
        var lastBuffered = Int.max

        var isEmpty: Bool { data.isEmpty && ping == nil && pong == nil && close == nil && stalledSince == nil }
    }

    private var backlog: Backlog?
    private var isClosed = false
    /// Bytes of data frames that wait here.
    private(set) var waitingBytes = 0

    /// Whether nothing waits here.
    var isEmpty: Bool { backlog == nil }

    /// Whether a substitute waits.
    var isOverflowed: Bool { backlog?.stalledSince != nil }

    /// A data frame.
    ///
    /// Bytes buffered in the channel count as waiting; they and the time are asked for only when the frame has to wait.
    mutating func offer(
        _ frame: Frame,
        bytes: Int,
        isWritable: Bool,
        buffered: @autoclosure () -> Int,
        limit: Int,
        now: @autoclosure () -> NIODeadline
    ) -> Offer {
        if isClosed { return .refused }
        guard let backlog else {
            if isWritable { return .write(frame) }
            return wait(frame, bytes: bytes, in: Backlog(), buffered: buffered(), limit: limit, now: now())
        }
        if backlog.stalledSince != nil { return .dropped }
        return wait(frame, bytes: bytes, in: backlog, buffered: buffered(), limit: limit, now: now())
    }

    private mutating func wait(
        _ frame: Frame,
        bytes: Int,
        in backlog: Backlog,
        buffered: Int,
        limit: Int,
        now: NIODeadline
    ) -> Offer {
        self.backlog = backlog
        guard bytes <= limit - waitingBytes - buffered else {
            let dropped = backlog.data.count + 1
            backlog.data = CircularBuffer()
            backlog.stalledSince = now
            backlog.lastBuffered = buffered
            waitingBytes = 0
            return .overflowed(dropped: dropped)
        }
        backlog.data.append(Waiting(frame: frame, bytes: bytes))
        waitingBytes += bytes
        return .waits
    }

    /// A ping; replaces one that waits.
    mutating func offerPing(_ frame: Frame, isWritable: Bool) -> Offer {
        if isClosed { return .refused }
        if isWritable { return .write(frame) }
        makeBacklog().ping = frame
        return .waits
    }

    /// A pong; replaces one that waits.
    mutating func offerPong(_ frame: Frame, isWritable: Bool) -> Offer {
        if isClosed { return .refused }
        if isWritable { return .write(frame) }
        makeBacklog().pong = frame
        return .waits
    }

    /// The Close frame: goes behind what waits, and nothing is taken after it.
    mutating func offerClose(_ frame: Frame, isWritable: Bool) -> Offer {
        if isClosed { return .refused }
        isClosed = true
        if isWritable && backlog == nil { return .write(frame) }
        makeBacklog().close = frame
        return .waits
    }

    /// Drops what waits and takes nothing more; true unless the Close frame had been handed out before.
    mutating func shut() -> Bool {
        let closeIsMine = !isClosed || backlog?.close != nil
        isClosed = true
        backlog = nil
        waitingBytes = 0
        return closeIsMine
    }

    /// What to write next, when the channel takes bytes; nil when nothing waits.
    mutating func next() -> Next? {
        guard let backlog else { return nil }
        defer { if backlog.isEmpty { self.backlog = nil } }
        if let pong = backlog.pong.take() { return .control(pong) }
        if let ping = backlog.ping.take() { return .control(ping) }
        if backlog.stalledSince.take() != nil { return .substitute }
        if let waiting = backlog.data.popFirst() {
            waitingBytes -= waiting.bytes
            return .data(waiting.frame)
        }
        return backlog.close.take().map { .close($0) }
    }

    /// Whether a substitute has waited so long without the peer taking a byte.
    mutating func isStalled(now: NIODeadline, buffered: Int, timeout: TimeAmount) -> Bool {
        guard let backlog, let since = backlog.stalledSince else { return false }
        defer { backlog.lastBuffered = buffered }
        if buffered < backlog.lastBuffered {
            backlog.stalledSince = now
            return false
        }
        return now - since >= timeout
    }

    private mutating func makeBacklog() -> Backlog {
        if let backlog { return backlog }
        let made = Backlog()
        backlog = made
        return made
    }
}
