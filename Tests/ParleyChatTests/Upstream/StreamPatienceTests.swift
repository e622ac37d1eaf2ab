import ParleyCore
import ParleyTesting
import Testing

@testable import ParleyOpenAI

@Suite("How long a server is waited for")
struct StreamPatienceTests {
    private let settings = OpenAISettings(
        url: "",
        firstTokenTimeout: .seconds(100),
        idleTimeout: .seconds(10),
        totalTimeout: .seconds(1000)
    )

    private func time(_ seconds: Int) -> TestClock.Instant {
        TestClock().now.advanced(by: .seconds(seconds))
    }

    /// When the waiting ends, looking again whenever it wants to, from `start` on; and why.
    private func end(of patience: StreamPatience<TestClock.Instant>, from start: Int) -> (Duration, String) {
        var now = time(start)
        while true {
            switch patience.verdict(at: now) {
            case .success(let next):
                guard next > now else { return (now.offset, "no progress") }
                now = next
            case .failure(let error): return (now.offset, error.message)
            }
        }
    }

    @Test("Until the first token for the long time, whatever else comes")
    func firstToken() {
        var patience = StreamPatience(settings, from: time(0))
        #expect(end(of: patience, from: 0) == (.seconds(100), "The model's server did not begin to answer in time."))
        patience.heard(hasBegun: false)
        patience.listen(at: time(99))
        #expect(end(of: patience, from: 99) == (.seconds(100), "The model's server did not begin to answer in time."))
    }

    @Test("After it through each silence, which may end sooner than the first token's time")
    func silence() {
        var patience = StreamPatience(settings, from: time(0))
        patience.heard(hasBegun: true)
        patience.listen(at: time(3))
        let silent = "The model's server fell silent in the middle of its answer."
        #expect(end(of: patience, from: 0) == (.seconds(13), silent))
        patience.heard(hasBegun: true)
        patience.listen(at: time(500))
        #expect(end(of: patience, from: 500) == (.seconds(510), silent))
    }

    @Test("A slow taker is not the server's silence; the whole has its time all the same")
    func whole() {
        var patience = StreamPatience(settings, from: time(0))
        patience.heard(hasBegun: true)
        #expect(end(of: patience, from: 0) == (.seconds(1000), "The model's server did not finish its answer in time."))
    }

    @Test("After the model's last word for a second without another one; a comment is none, and a slow taker has time")
    func afterword() throws {
        var patience = StreamPatience(settings, from: time(0))
        patience.heard(hasBegun: true, hasFinished: true)
        #expect(patience.endOfAfterword(at: time(90)) == time(91))
        patience.listen(at: time(100))
        #expect(patience.endOfAfterword(at: time(100)) == time(101))
        patience.heard(hasBegun: true, hasFinished: true, saysMore: false)
        patience.listen(at: time(101))
        #expect(patience.endOfAfterword(at: time(101)) == nil)
        patience.heard(hasBegun: true, hasFinished: true)
        patience.listen(at: time(101))
        #expect(patience.endOfAfterword(at: time(101)) == time(102))
        // One that goes on and on has the time of any other.
        patience.heard(hasBegun: true, hasFinished: true)
        patience.listen(at: time(1000))
        #expect(patience.endOfAfterword(at: time(1000)) == nil)
        // What is whole is not too slow, whatever the time.
        #expect(try patience.verdict(at: time(5000)).get() == time(5010))
    }
}
