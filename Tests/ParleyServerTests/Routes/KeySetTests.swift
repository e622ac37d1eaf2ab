import Foundation
import HTTPTypes
import ParleyAuth
import ParleyCore
import ParleyTesting
import Testing

@Suite("A provider's keys")
struct KeySetTests {
    @Test("A token of the key set signs in until its key is taken out of the file, and a new key's does from then on")
    func rotation() async throws {
        try await ParleyHome.with { home in
            let (old, new) = (Provider(kid: "old"), Provider(kid: "new"))
            try home.write(Provider.keySet(of: old), to: "keys.json")
            let stopwatch = TestClock()
            try await TestParley.run(keySet: .file(home.path("keys.json")), keySetStopwatch: stopwatch) { parley in
                func status(_ provider: Provider) async throws -> (Int, String?) {
                    let token = try provider.token(for: "ada@example.org", now: parley.clock.now())
                    let answer = try await parley.anonymous.get(
                        "/api/auth/me",
                        headers: [.authorization: "Bearer \(token)"]
                    )
                    return (answer.status.code, answer["email"]?.stringValue)
                }
                #expect(try await status(old) == (200, "ada@example.org"))
                #expect(try await status(new) == (401, nil))
                // A moment in which both hold, as providers rotate.
                for keySet in [Provider.keySet(of: old, new), Provider.keySet(of: new)] {
                    try home.write(keySet, to: "keys.json")
                    await stopwatch.sleepers(atLeast: 1)
                    stopwatch.advance(by: Limits.keySetRecheck)
                    await stopwatch.sleepers(atLeast: 1)
                    #expect(try await status(new) == (200, "ada@example.org"))
                }
                #expect(try await status(old) == (401, nil))
                // The server's own secret is beside it throughout.
                let caller = try await parley.caller(Identity(email: EmailAddress(normalized: "bob@example.org")))
                #expect(try await caller.get("/api/auth/me").status == .ok)
            }
        }
    }
}
