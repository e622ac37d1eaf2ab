import HTTPTypes
import Hummingbird
import Logging
import ParleyAuth
import ParleyCore

/// `/api/account`: the caller, as a whole.
struct AccountRoutes {
    private let dependencies: ServerDependencies
    private let erasure: any ErasureStore

    init(_ dependencies: ServerDependencies, _ erasure: any ErasureStore) {
        self.dependencies = dependencies
        self.erasure = erasure
    }

    func add(to api: RouterGroup<ServerContext>) {
        api.group("account").delete(use: erase)
    }

    /// Erases the caller.
    ///
    /// It can't be taken back, so it is confirmed: in a browser, which somebody may have left open, by the password; with a
    /// token, which has none, by the address that it is about to erase.
    @Sendable private func erase(_ request: Request, _ context: ServerContext) async throws -> Response {
        let email = try context.identity.email
        let body = try await request.jsonBody(in: context)
        let address = request.clientAddress(in: context)
        if request.headers[.authorization] == nil {
            let password = try body.string("password")
            try await dependencies.accounts.confirm(password, of: email, address: address)
        } else {
            guard try body.string("confirm").flatMap({ EmailAddress($0) }) == email else {
                throw ParleyError.invalid("confirm", "confirm must be your own e-mail address.")
            }
            try await dependencies.spend(.signIns, of: Identity(email: email))
        }
        let report = try await erasure.erase(email).value
        context.requestLogger.notice("Erased a person", metadata: ["conversations": "\(report.conversations)"])
        var response = Response.json { writer in
            writer.object { writer in
                writer.member("success", true)
                writer.member("projects", report.projects)
                writer.member("conversations", report.conversations)
                writer.member("messages", report.messages)
                writer.member("memberships", report.memberships)
                writer.member("drafts", report.drafts)
            }
        }
        response.forgetPerson(request, context)
        return response
    }
}
