import ParleyChat
import ParleyCore
import ParleyTesting
import Synchronization
import Testing

@Suite("What may be chosen for a turn", .timeLimit(.minutes(15)))
struct ChatMenuTests {
    /// Answers as it is told, and counts how often it was asked.
    private final class Catalog: ModelCatalog {
        private let answer: Mutex<Result<[String], ParleyError>>
        private let count = Mutex(0)
        let gate = Latch()

        init(_ models: [String]) {
            answer = Mutex(.success(models))
        }

        var asked: Int { count.withLock { $0 } }

        func answers(_ new: Result<[String], ParleyError>) {
            answer.withLock { $0 = new }
        }

        func models() async throws -> [String] {
            count.withLock { $0 += 1 }
            await gate.wait()
            return try answer.withLock { $0 }.get()
        }
    }

    private static let failure = Result<[String], ParleyError>.failure(ParleyError(.upstreamError, "No."))

    @Test("Where the operator lists models, nobody is asked for others; the default is always among them")
    func listed() async {
        let filters = [FilterChoice(name: "year", values: ["2025", "2026"])]
        let catalog = Catalog(["other"])
        let listed = ChatChoices(models: ["a", "b"], defaultModel: "c", filters: filters)
        let choices = await ChatMenu(listed, catalog: catalog).choices()
        #expect(choices == ChatChoices(models: ["c", "a", "b"], defaultModel: "c", filters: filters))
        #expect(catalog.asked == 0)
        #expect(await ChatMenu().choices() == ChatChoices())
    }

    @Test("All who want to know at once wait for one call, whose answer holds for a while")
    func once() async {
        let (catalog, clock) = (Catalog(["b", "a"]), TestClock())
        let menu = ChatMenu(ChatChoices(defaultModel: "a"), catalog: catalog, stopwatch: clock)
        await withTaskGroup(of: ChatChoices.self) { group in
            for _ in 0..<5 { group.addTask { await menu.choices() } }
            // The time of the call is being measured, so it is under way.
            await clock.sleepers(atLeast: 1)
            catalog.gate.open()
            for await choices in group { #expect(choices == ChatChoices(models: ["b", "a"], defaultModel: "a")) }
        }
        clock.advance(by: Limits.modelListLifetime - .seconds(1))
        _ = await menu.choices()
        #expect(catalog.asked == 1)
        clock.advance(by: .seconds(1))
        catalog.answers(.success(["c"]))
        #expect(await menu.choices().models == ["a", "c"])
        #expect(catalog.asked == 2)
    }

    @Test("A server that does not say leaves the default, then what it said before, and is left alone for a while")
    func failures() async {
        let (catalog, clock) = (Catalog([]), TestClock())
        catalog.gate.open()
        catalog.answers(Self.failure)
        let menu = ChatMenu(ChatChoices(defaultModel: "a"), catalog: catalog, stopwatch: clock)
        for _ in 0..<2 { #expect(await menu.choices() == ChatChoices(models: ["a"], defaultModel: "a")) }
        #expect(catalog.asked == 1)
        clock.advance(by: Limits.modelListRetry)
        catalog.answers(.success(["b"]))
        #expect(await menu.choices().models == ["a", "b"])
        clock.advance(by: Limits.modelListLifetime)
        catalog.answers(Self.failure)
        #expect(await menu.choices().models == ["a", "b"])
        #expect(catalog.asked == 3)
    }

    @Test("A server that says nothing is waited for no longer than that")
    func silence() async {
        struct Silent: ModelCatalog {
            func models() async throws -> [String] {
                try await untilCancelled()
                return ["never"]
            }
        }
        let clock = TestClock()
        let menu = ChatMenu(ChatChoices(defaultModel: "a"), catalog: Silent(), stopwatch: clock)
        async let choices = menu.choices()
        await clock.sleepers(atLeast: 1)
        clock.advance(by: Limits.modelListTimeout)
        #expect(await choices.models == ["a"])
    }
}
