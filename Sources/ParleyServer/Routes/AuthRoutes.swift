import HTTPTypes
import Hummingbird
import ParleyAuth
import ParleyCore

/// `/api/auth`: sign-up, sign-in, sign-out, and who one is.
struct AuthRoutes {
    let accounts: AccountService
    let origins: OriginPolicy
    /// Who is told that they operate the server.
    let operators: Set<EmailAddress>

    func add(to api: RouterGroup<ServerContext>, behind door: Authentication) {
        let auth = api.group("auth")
        auth.post("register", use: register)
        auth.post("login", use: signIn)
        auth.post("logout", use: signOut)
        auth.group().add(middleware: door).get("me", use: me)
    }

    @Sendable private func register(_ request: Request, _ context: ServerContext) async throws -> Response {
        try checkOrigin(of: request)
        let body = try await request.jsonBody(in: context)
        let signIn = try await accounts.register(
            email: try body.requiredString("email"),
            password: try body.requiredString("password"),
            name: try body.string("name"),
            department: try body.string("dept"),
            address: request.clientAddress(in: context)
        )
        return answer(signIn, .created, request, context)
    }

    @Sendable private func signIn(_ request: Request, _ context: ServerContext) async throws -> Response {
        try checkOrigin(of: request)
        let body = try await request.jsonBody(in: context)
        let signIn = try await accounts.signIn(
            email: try body.requiredString("email"),
            password: try body.requiredString("password"),
            address: request.clientAddress(in: context)
        )
        return answer(signIn, .ok, request, context)
    }

    /// Ends the sign-in of the cookie; without one there is nothing to end, which is what was asked for.
    @Sendable private func signOut(_ request: Request, _ context: ServerContext) async throws -> Response {
        try checkOrigin(of: request)
        if let token = request.sessionToken { try await accounts.signOut(token: token) }
        var response = Response.success
        response.forgetPerson(request, context)
        return response
    }

    @Sendable private func me(_ request: Request, _ context: ServerContext) async throws -> Response {
        let identity = try context.identity
        // A bearer token says no name; a browser's sign-in has an account that may.
        var name: String?
        if request.headers[.authorization] == nil, let token = request.sessionToken {
            name = try await accounts.authenticate(token: token).account.name
        }
        return Response.json {
            $0.person(
                email: identity.email,
                name: name,
                department: identity.department,
                isOperator: operators.contains(identity.email)
            )
        }
    }

    /// A page of another site must not sign a browser in or out.
    ///
    /// A client that is no browser sends no `Origin` and no cookie.
    private func checkOrigin(of request: Request) throws(ParleyError) {
        guard request.headers[.origin] != nil || request.sessionToken != nil else { return }
        try origins.check(request)
    }

    private func answer(
        _ signIn: SignIn,
        _ status: HTTPResponse.Status,
        _ request: Request,
        _ context: ServerContext
    ) -> Response {
        let account = signIn.account
        var response = Response.json(status) {
            $0.person(
                email: account.email,
                name: account.name,
                department: account.department,
                isOperator: operators.contains(account.email)
            )
        }
        response.setCookie(.session(signIn.token, of: request, in: context))
        return response
    }
}

extension Response {
    /// Takes the sign-in's cookie back, and lets nothing of the person stay in the browser.
    ///
    /// Other cookies are left alone: those of other applications would go too.
    mutating func forgetPerson(_ request: Request, _ context: ServerContext) {
        setCookie(.session("", of: request, in: context))
        if let name = HTTPField.Name("Clear-Site-Data") { headers[name] = #""cache", "storage""# }
    }
}

extension JSONWriter {
    /// Who is signed in.
    fileprivate mutating func person(
        email: EmailAddress,
        name: String?,
        department: String?,
        isOperator: Bool
    ) {
        object {
            $0.member("email", email.value)
            $0.member("name", name)
            $0.member("dept", department)
            if isOperator { $0.member("operator", true) }
        }
    }
}
