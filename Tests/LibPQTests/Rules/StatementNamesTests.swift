import Testing

@testable import LibPQ

struct StatementNamesTests {
    private let key = StatementNames.Key(sql: "SELECT $1", types: [20])

    @Test func `a statement is prepared once, and meanwhile sent whole`() {
        var names = StatementNames(limit: 8)
        #expect(names.use(key) == .prepare("s1"))
        #expect(names.use(key) == .whole)
        names.prepared(key)
        #expect(names.use(key) == .execute("s1"))
    }

    @Test func `arguments of other types make another statement`() {
        var names = StatementNames(limit: 8)
        #expect(names.use(key) == .prepare("s1"))
        #expect(names.use(.init(sql: key.sql, types: [25])) == .prepare("s2"))
    }

    @Test func `what was refused is prepared anew under another name`() {
        var names = StatementNames(limit: 8)
        _ = names.use(key)
        names.forget(key)
        #expect(names.use(key) == .prepare("s2"))
        names.prepared(key)
        #expect(names.use(key) == .execute("s2"))
    }

    @Test func `beyond the limit statements are sent whole`() {
        var names = StatementNames(limit: 1)
        _ = names.use(key)
        #expect(names.use(.init(sql: "SELECT 1", types: [])) == .whole)
    }
}
