import ParleyCore
import Testing

@testable import ParleyTransfer

@Suite("Accounts of imports")
struct ImportAccountTests {
    @Test("What is beyond the list is counted with its reason")
    func unlisted() {
        var account = ImportAccount()
        let items = (0..<10).map { index in
            ImportAccount.Item(
                key: "\(index)",
                outcome: index % 2 == 0 ? .leftAlone : .imported,
                reason: index % 2 == 0 ? .empty : nil
            )
        }
        for item in items { account.add(ImportAccount(items: [item]), listing: 3) }
        #expect(account.items.count == 3 && account.found == 10)
        #expect(account.count(of: .leftAlone) == 5 && account.count(of: .imported) == 5)
        #expect(
            account.ends == [
                .init(outcome: .leftAlone, reason: .empty): 5, .init(outcome: .imported, reason: nil): 5,
            ]
        )
    }

    @Test("A source of many records takes time in proportion to them", .timeLimit(.minutes(15)))
    func many() async throws {
        let count = 60_000
        let bring = Bringing()
        let lines = Array(("{\"parley_export\":1}\n" + String(repeating: "x\n", count: count)).utf8)
        let account = try await bring(.jsonl, lines).account
        #expect(account.count(of: .quarantined) == count)
    }
}
