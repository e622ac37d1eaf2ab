import Hummingbird
import ParleyCore

/// `/api/operator`: what the operators of the server are shown, in numbers.
///
/// For anyone else it does not exist, whether there are operators or not.
struct OperatorRoutes {
    let desk: OperatorDesk?

    func add(to api: RouterGroup<ServerContext>) {
        let routes = api.group("operator")
        routes.get("usage", use: usage)
        routes.get("now", use: now)
    }

    @Sendable private func usage(_ request: Request, _ context: ServerContext) async throws -> Response {
        let desk = try desk(of: context)
        let days = try Query(request).integer("days", in: Limits.usageDays) ?? Limits.usageDaysDefault
        let span = UsageSpan(days: days, through: desk.clock.now())
        let usage = try await desk.usage.usage(of: span)
        let before = try await desk.usage.usage(of: span.before)
        return .json(capacity: 512 * days) { $0.usage(usage, before: before, of: span) }
    }

    @Sendable private func now(_ request: Request, _ context: ServerContext) async throws -> Response {
        let desk = try desk(of: context)
        return .json(capacity: 65_536) { $0.instance(desk.watch) }
    }

    /// The desk, for an operator; for anyone else there is none.
    private func desk(of context: ServerContext) throws -> OperatorDesk {
        let identity = try context.identity
        guard let desk, desk.people.contains(identity.email) else { throw ParleyError.notFound }
        return desk
    }
}
