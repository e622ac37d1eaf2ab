import Hummingbird
import Logging
import ParleyCore

/// `GET /health/live` and `GET /health/ready`.
struct HealthRoutes {
    let checks: [HealthCheck]

    func add(to router: Router<ServerContext>) {
        router.get("health/live") { _, _ in Response.json { $0.object { $0.member("status", "ok") } } }
        router.get("health/ready", use: ready)
    }

    @Sendable private func ready(_ request: Request, _ context: ServerContext) async throws -> Response {
        var failed: Set<String> = []
        var warnings: [String: [String]] = [:]
        for check in checks {
            do {
                warnings[check.name] = try await withDeadline(.seconds(2)) {
                    try await check.check()
                    return try await check.warnings()
                }
            } catch {
                failed.insert(check.name)
                context.requestLogger.warning(
                    "Dependency is not ready",
                    metadata: ["name": "\(check.name)", "cause": "\(error)"]
                )
            }
        }
        let isReady = !checks.contains { $0.isNeeded && failed.contains($0.name) }
        return Response.json(isReady ? .ok : .serviceUnavailable) { writer in
            writer.object { writer in
                writer.member("status", isReady ? "ready" : "unavailable")
                writer.name("checks")
                writer.array { writer in
                    for check in checks {
                        writer.object { writer in
                            writer.member("name", check.name)
                            writer.member("status", failed.contains(check.name) ? "unavailable" : "ok")
                            guard let sentences = warnings[check.name], !sentences.isEmpty else { return }
                            writer.name("warnings")
                            writer.array { writer in
                                for sentence in sentences { writer.string(sentence) }
                            }
                        }
                    }
                }
            }
        }
    }
}
