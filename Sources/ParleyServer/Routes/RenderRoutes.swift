import HTTPTypes
import Hummingbird
import ParleyCore
import ParleyMarkdown
import Synchronization

/// `/api/render`: Markdown as safe HTML.
struct RenderRoutes {
    private let dependencies: ServerDependencies
    private let places = RenderPlaces()

    init(_ dependencies: ServerDependencies) {
        self.dependencies = dependencies
    }

    func add(to api: RouterGroup<ServerContext>) {
        api.post("render", use: render)
    }

    /// A call and no resource: what is rendered is a text that the client has, such as the end of a reply that still grows.
    @Sendable private func render(_ request: Request, _ context: ServerContext) async throws -> Response {
        let identity = try context.identity
        let texts = try await request.jsonBody(in: context, maximumBytes: Limits.renderBodyBytes).texts()
        let rendered = try await places.withPlace(for: identity.email) {
            try await dependencies.rendering.render(texts)
        }
        let capacity = rendered.reduce(64) { $0 + $1.reduce(2) { $0 + $1.html.utf8.count + 64 } }
        return .json(capacity: capacity) { writer in
            writer.object { writer in
                writer.name("rendered")
                writer.array { for blocks in rendered { $0.blocks(blocks) } }
            }
        }
    }
}

/// Who has calls under way: one person's can't fill the queue that all wait in.
private final class RenderPlaces: Sendable {
    private let taken = Mutex<[EmailAddress: Int]>([:])

    func withPlace<Value>(for person: EmailAddress, _ body: () async throws -> Value) async throws -> Value {
        let isFree = taken.withLock { taken in
            guard taken[person, default: 0] < Limits.rendersPerPerson else { return false }
            taken[person, default: 0] += 1
            return true
        }
        guard isFree else {
            throw ParleyError(
                .rateLimited,
                "Too much is being rendered for you; wait a little.",
                retryAfter: .seconds(1)
            )
        }
        defer {
            taken.withLock { taken in
                let rest = taken[person, default: 1] - 1
                taken[person] = rest > 0 ? rest : nil
            }
        }
        return try await body()
    }
}

extension Fields {
    /// The texts of a render call.
    fileprivate func texts() throws(ParleyError) -> [String] {
        let values = try array("texts") ?? []
        let texts = values.compactMap(\.stringValue)
        guard texts.count == values.count, Limits.renderTexts ~= texts.count else {
            let (least, most) = (Limits.renderTexts.lowerBound, Limits.renderTexts.upperBound)
            throw .invalid("texts", "texts must be an array of \(least) to \(most) strings.")
        }
        return texts
    }
}
