import Hummingbird
import Logging
import ParleyCore
import ParleyMetrics

/// Logs requests that took too long: by route, status and request id, never what was in them.
///
/// The time is until the answer is ready, the arrival of the body included. A stream is never slow.
struct SlowRequestLog: RouterMiddleware {
    private let threshold: Duration
    private let stopwatch: Stopwatch

    /// None where nothing is slow.
    init?(_ metrics: ServerMetrics) {
        guard let threshold = metrics.slowRequest else { return nil }
        self.threshold = threshold
        stopwatch = Stopwatch(metrics.clock)
    }

    func handle(
        _ request: Request,
        context: ServerContext,
        next: @concurrent (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let start = stopwatch.elapsed()
        do {
            let response = try await next(request, context)
            if response.body.contentLength != nil { note(start, request, context, response.status.code) }
            return response
        } catch {
            note(start, request, context, ParleyError(answering: error).status.code)
            throw error
        }
    }

    private func note(_ start: Duration, _ request: Request, _ context: ServerContext, _ status: Int) {
        let duration = stopwatch.elapsed() - start
        guard duration >= threshold else { return }
        context.requestLogger.warning(
            "A request was slow",
            metadata: [
                "method": "\(request.method)",
                "route": "\(context.endpointPath ?? "none")",
                "status": "\(status)",
                "duration_ms": "\(Int(duration / .milliseconds(1)))",
            ]
        )
    }
}
