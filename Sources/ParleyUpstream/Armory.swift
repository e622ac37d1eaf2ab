import Synchronization

/// Which behaviour the next request gets: what it asks for itself, else what was armed first and fits.
final class Armory: Sendable {
    private struct Armed {
        let behaviour: Behaviour
        let match: String?
    }

    private struct State {
        var queue: [Armed] = []
        // How often a message has got a behaviour that comes only so many times.
        var uses: [String: Int] = [:]
    }

    // So that a control route that is left alone does not fill the memory.
    private static let limit = 10_000

    private let state = Mutex(State())

    /// Lays a behaviour by for one request, whose question holds `match`; refuses when too many lie there.
    func arm(_ behaviour: Behaviour, match: String?) -> Bool {
        state.withLock { state in
            guard state.queue.count < Self.limit else { return false }
            state.queue.append(Armed(behaviour: behaviour, match: match))
            return true
        }
    }

    /// Forgets all.
    func clear() {
        state.withLock { $0 = State() }
    }

    /// The behaviour for a request.
    ///
    /// - Parameters:
    ///   - request: What is asked: its model may be `fault/<behaviour>`, its question may hold `[[<behaviour>]]`.
    ///   - header: A behaviour from the request's header.
    /// - Returns: What was armed, else what the header, the question or the model asks for.
    /// - Throws: ``UnknownBehaviour`` where they ask for none there is.
    func behaviour(for request: CompletionRequest, header: String?) throws(UnknownBehaviour) -> Behaviour {
        let question = request.question
        if let armed = takeArmed(question) { return armed }
        let own: Behaviour
        if let header {
            own = try Behaviour(parsing: header)
        } else if let marker = Self.marker(in: question) {
            own = try Behaviour(parsing: marker)
        } else if request.model.hasPrefix(Self.modelPrefix) {
            own = try Behaviour(parsing: request.model.dropFirst(Self.modelPrefix.count))
        } else {
            return Behaviour()
        }
        guard let times = own.times else { return own }
        return use(question) <= times ? own : Behaviour()
    }

    static let modelPrefix = "fault/"

    /// What stands between the first `[[` and the last `]]` behind it: a behaviour may hold brackets itself.
    static func marker(in question: String) -> Substring? {
        guard let start = question.firstRange(of: "[["),
            let end = question[start.upperBound...].ranges(of: "]]").last
        else { return nil }
        return question[start.upperBound..<end.lowerBound]
    }

    private func takeArmed(_ question: String) -> Behaviour? {
        state.withLock { state in
            guard let place = state.queue.firstIndex(where: { $0.match.map(question.contains) ?? true }) else {
                return nil
            }
            return state.queue.remove(at: place).behaviour
        }
    }

    private func use(_ question: String) -> Int {
        state.withLock { state in
            if state.uses.count >= Self.limit { state.uses = [:] }
            state.uses[question, default: 0] += 1
            return state.uses[question, default: 0]
        }
    }
}
