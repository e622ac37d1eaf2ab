import Foundation
import Synchronization

/// Tells on standard error how far a long command is: a line that is written over on a terminal, else one at the beginning
/// and then every ten seconds.
final class ProgressLine: Sendable {
    private struct State {
        var shown: ContinuousClock.Instant?
        var isDirty = false
    }

    private let start = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let state = Mutex(State())

    /// Shows what was done; often called, and seldom written.
    func show(done: Int, of total: Int?, messages: Int) {
        let now = ContinuousClock.now
        let interval = isTerminal ? Duration.milliseconds(200) : .seconds(10)
        let isDue = state.withLock { state in
            if let shown = state.shown, now - shown < interval { return false }
            state.shown = now
            state.isDirty = true
            return true
        }
        guard isDue else { return }
        let text = Self.text(done: done, of: total, messages: messages, in: now - start)
        write(isTerminal ? "\r\u{1B}[K\(text)" : text + "\n")
    }

    /// Leaves the terminal's line empty.
    func end() {
        if isTerminal, state.withLock({ $0.isDirty }) { write("\r\u{1B}[K") }
    }

    /// The line: how much of what, how fast, and how long it will take.
    static func text(done: Int, of total: Int?, messages: Int, in time: Duration) -> String {
        let seconds = max(time / .seconds(1), 0.001)
        let rate = Double(done) / seconds
        let speed = String(format: "%.0f conversations/s, %.0f messages/s", rate, Double(messages) / seconds)
        guard let total, total > 0 else { return "\(done) conversations, \(messages) messages, \(speed)" }
        let left = rate > 0 ? Int(Double(max(0, total - done)) / rate) : 0
        let filled = min(20, done * 20 / total)
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
        let percent = min(100, done * 100 / total)
        return "[\(bar)] \(percent) % \(done)/\(total) conversations, \(messages) messages, \(speed), "
            + String(format: "%d:%02d left", left / 60, left % 60)
    }

    private func write(_ text: String) {
        StandardStream.error.write(Array(text.utf8))
    }
}
