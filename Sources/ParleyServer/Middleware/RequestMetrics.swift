import HTTPTypes
import Hummingbird
import Metrics
import ParleyMetrics
import Synchronization

/// Counts requests by the template of their route, and how long they take.
///
/// Outside of all else, so that it sees the answer as it leaves. A stream counts when its answer begins, and is under way
/// until its end, or until nobody holds it any more.
struct RequestMetrics: RouterMiddleware {
    private let counters: RequestCounters
    private let running: Meter
    private let stopwatch: Stopwatch

    init(_ metrics: ServerMetrics) {
        counters = RequestCounters(factory: metrics.factory)
        running = Metric.httpRunning.meter(factory: metrics.factory)
        stopwatch = Stopwatch(metrics.clock)
    }

    func handle(
        _ request: Request,
        context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let start = stopwatch.elapsed()
        running.increment()
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            running.decrement()
            throw error
        }
        let counted = counters.of(request.method, context.endpointPath, response.status)
        counted.answers.increment()
        // Only a stream doesn't know how long it is. What is wrapped is written in more pieces, so nothing else is.
        if response.body.contentLength == nil {
            let ending = Ending { [running, stopwatch] in
                running.decrement()
                counted.durations.record(duration: stopwatch.elapsed() - start)
            }
            let body = response.body
            response.body = ResponseBody { writer in
                defer { ending.reach() }
                try await body.write(writer)
            }
        } else {
            running.decrement()
            counted.durations.record(duration: stopwatch.elapsed() - start)
        }
        return response
    }
}

/// Does something once: when it is told to, or when nobody can tell it any more.
private final class Ending: Sendable {
    private let isReached = Atomic(false)
    private let action: @Sendable () -> Void

    init(_ action: @escaping @Sendable () -> Void) {
        self.action = action
    }

    deinit { reach() }

    func reach() {
        if !isReached.exchange(true, ordering: .relaxed) { action() }
    }
}

/// The counters of each route, made when it first answers.
private final class RequestCounters: Sendable {
    struct Counted: Sendable {
        let answers: Counter
        let durations: Timer
    }

    private struct Key: Hashable {
        let method: HTTPRequest.Method
        let route: String
        let status: Int
    }

    private static let methods: Set<HTTPRequest.Method> = [
        .get, .head, .post, .put, .patch, .delete, .options, .connect, .trace,
    ]
    /// What a client made up itself is one route, and one method.
    private static let unknown = "unknown"

    private let known = Mutex<[Key: Counted]>([:])
    private let factory: any MetricsFactory

    init(factory: any MetricsFactory) {
        self.factory = factory
    }

    func of(_ method: HTTPRequest.Method, _ path: String?, _ status: HTTPResponse.Status) -> Counted {
        // Hummingbird calls what it can't find so; a template begins with a slash.
        let route = path.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? Self.unknown
        let key = Key(method: Self.methods.contains(method) ? method : .other, route: route, status: status.code)
        return known.withLock { known in
            if let counted = known[key] { return counted }
            let method = key.method.rawValue
            let counted = Counted(
                answers: Metric.httpRequests.counter(method, route, "\(status.code)", factory: factory),
                durations: Metric.httpDurations.timer(method, route, factory: factory)
            )
            known[key] = counted
            return counted
        }
    }
}

extension HTTPRequest.Method {
    /// Whatever no standard knows.
    fileprivate static let other = HTTPRequest.Method("OTHER") ?? .trace
}
