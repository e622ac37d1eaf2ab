import ArgumentParser
import Logging
import ParleyAuth
import ParleyCore

/// The command `parley token`.
struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make a bearer token for someone.",
        discussion: """
            Signed with the server's own secret, so it needs the same configuration and working directory as the server; \
            beside jwt.jwks, jwt.secret or jwt.secrets must be set. The token is printed alone on a line: \
            curl -H "Authorization: Bearer $(parley token ada@example.org)" ...
            """
    )

    @Argument(help: "The e-mail address the token speaks for.")
    var email: String

    @Option(help: "The department that the dept claim names.")
    var dept = "none"

    @Option(help: "A session id for the sid claim, for analytics.")
    var sid: String?

    @Option(help: "How many minutes the token holds.")
    var minutes = 60

    @OptionGroup var options: SettingOptions

    func validate() throws {
        guard EmailAddress(email) != nil else { throw ValidationError("'\(email)' is not an e-mail address.") }
        guard 1...525_600 ~= minutes else {
            throw ValidationError("--minutes must be from 1 to 525600, which is a year.")
        }
    }

    func run() async throws {
        try await CommandFailure.reporting {
            let settings = try await options.settings()
            let wiring = Wiring(settings: settings, logger: Logger(label: "parley"))
            let (tokens, secret) = try await wiring.tokenSettings(in: nil)
            guard let secret else {
                let reason = "is not set, and jwt.jwks holds public keys: this server's tokens are made elsewhere."
                throw InvalidSettings(problems: [SettingProblem(key: "jwt.secret", reason: reason)])
            }
            guard let address = EmailAddress(email) else { throw ParleyError.invalid("email", "not an address") }
            let identity = Identity(email: address, department: dept, sessionID: sid)
            print(
                try await TokenIssuer(secret: secret, settings: tokens).token(
                    for: identity,
                    lifetime: .seconds(minutes * 60)
                )
            )
        }
    }
}
