import ArgumentParser
import Foundation
import ParleyAuth
import ParleyCore

/// Those in whose names sockets are opened.
struct People: Sendable {
    /// What a person may have at once (`Limits.socketsPerPerson`).
    static let socketsEach = Limits.socketsPerPerson

    struct Person: Sendable {
        let email: String
        let token: String
    }

    private let people: [Person]

    /// As many as are needed: from a file with an address and a token on each line, or with tokens made by a secret.
    init(_ count: Int, file: String?, secret: String?) async throws {
        if let file {
            people = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").prefix(count).compactMap {
                let words = $0.split(separator: " ")
                return words.count == 2 ? Person(email: String(words[0]), token: String(words[1])) : nil
            }
        } else if let secret {
            let issuer = try TokenIssuer(secret: HMACSecret(kid: nil, bytes: Array(secret.utf8)))
            var people: [Person] = []
            for number in 0..<count {
                guard let email = EmailAddress("load\(number)@load.example") else { continue }
                let identity = Identity(email: email, department: "load")
                let token = try await issuer.token(for: identity, lifetime: .seconds(24 * 60 * 60))
                people.append(Person(email: email.value, token: token))
            }
            self.people = people
        } else {
            people = []
        }
        guard people.count == count else {
            throw ValidationError("\(count) people are needed: give --secret, or --tokens with as many lines.")
        }
    }

    subscript(number: Int) -> Person { people[number] }

    var count: Int { people.count }
}
