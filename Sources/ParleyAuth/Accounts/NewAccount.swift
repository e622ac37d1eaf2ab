import ParleyCore

/// What an account is made of, checked.
struct NewAccount {
    let email: EmailAddress
    let password: String
    let name: String?
    let department: String?

    init(email: String, password: String, name: String?, department: String?) throws(ParleyError) {
        self.email = try Self.email(email)
        try Rules.password(password)
        self.password = password
        self.name = try Self.optional(name, Rules.accountName)
        self.department = try Self.optional(department, Rules.department)
    }

    static func email(_ text: String) throws(ParleyError) -> EmailAddress {
        guard let email = EmailAddress(text) else { throw .invalid("email", "email must be an e-mail address.") }
        return email
    }

    // A form sends its empty fields too.
    private static func optional(
        _ text: String?,
        _ rule: (String) throws(ParleyError) -> String
    ) throws(ParleyError) -> String? {
        guard let text, !text.allSatisfy(\.isWhitespace) else { return nil }
        return try rule(text)
    }
}
