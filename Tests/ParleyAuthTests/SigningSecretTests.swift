import Foundation
import ParleyAuth
import ParleyCore
import Testing

@Suite("Signing secret")
struct SigningSecretTests {
    private func write(_ text: String, to path: String, mode: Int) throws {
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    // What a secret is can only be seen by what it signs.
    private func signature(_ secret: HMACSecret) async throws -> String {
        let ann = Identity(email: EmailAddress(normalized: "ann@example.com"), department: "R&D")
        return try await TokenIssuer(secret: secret, clock: SetClock()).token(for: ann, lifetime: .seconds(60))
    }

    @Test("The first start makes a secret, later ones find it, and only its owner may read it")
    func makesOnce() async throws {
        try await withFolder { folder in
            let path = folder + "/parley.secret"
            let first = try await signature(SigningSecret.load(orMakeAt: path))
            #expect(try await signature(SigningSecret.load(orMakeAt: path)) == first)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["parley.secret"])
            #expect(try await signature(SigningSecret.load(orMakeAt: folder + "/other")) != first)
        }
    }

    @Test("The file's text is the secret, so that it can be moved into the configuration")
    func textIsTheSecret() async throws {
        try await withFolder { folder in
            let path = folder + "/secret"
            let made = try await signature(SigningSecret.load(orMakeAt: path))
            let text = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(text.utf8.count == 43)
            #expect(try await signature(HMACSecret(kid: nil, bytes: Array(text.utf8))) == made)
        }
    }

    @Test("Of many that start at once, all get the same secret")
    func race() async throws {
        for _ in 0..<20 {
            try await withFolder { folder in
                let path = folder + "/secret"
                let signatures = try await withThrowingTaskGroup(of: String.self) { group in
                    for _ in 0..<8 { group.addTask { try await signature(SigningSecret.load(orMakeAt: path)) } }
                    return try await group.reduce(into: Set<String>()) { $0.insert($1) }
                }
                #expect(signatures.count == 1)
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["secret"])
            }
        }
    }

    @Test(
        "A file that others may touch is refused, and so is one too short or too long",
        arguments: [
            (String(repeating: "s", count: 43), 0o640), (String(repeating: "s", count: 43), 0o604),
            (String(repeating: "s", count: 43), 0o620), (String(repeating: "s", count: 31) + "\n \n", 0o600),
            ("", 0o600),
            (String(repeating: "s", count: 5000), 0o600),
        ]
    )
    func refusedFile(_ text: String, _ mode: Int) async throws {
        try await withFolder { folder in
            let path = folder + "/secret"
            try write(text, to: path, mode: mode)
            let error = #expect(throws: ParleyError.self) { try SigningSecret.load(orMakeAt: path) }
            #expect(error?.parameter == "jwt.secret")
            #expect(error?.message.contains(path) == true)
            #expect(text.isEmpty || error?.message.contains(text) == false)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
    }

    @Test("What is no regular file is refused, and not waited for")
    func notAFile() async throws {
        try await withFolder { folder in
            #expect(throws: ParleyError.self) { try SigningSecret.load(orMakeAt: folder) }
            #expect(mkfifo(folder + "/pipe", 0o600) == 0)
            #expect(throws: ParleyError.self) { try SigningSecret.load(orMakeAt: folder + "/pipe") }
            #expect(throws: ParleyError.self) { try SigningSecret.load(orMakeAt: folder + "/absent/secret") }
        }
    }
}
