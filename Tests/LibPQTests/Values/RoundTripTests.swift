import LibPQ
import Testing

extension LibPQServerTests {
    struct RoundTripTests {
        /// A value, and what PostgreSQL's own text of it is; `nil` where the value itself is compared only.
        private func check<Value: PostgresEncodable & PostgresDecodable & Equatable>(
            _ connection: PostgresConnection,
            _ value: Value,
            text: String? = nil
        ) async throws {
            let row = try #require(try await connection.query("SELECT $1, $1::text", [value]).first)
            #expect(try row.decode(0) == value)
            if let text { #expect(try row.decode(1) == text) }
        }

        @Test func `integers, at their bounds and at random`() async throws {
            try await withConnection { connection in
                for value in [.min, -1, 0, 1, .max, .random(in: .min ... .max)] as [Int16] {
                    try await check(connection, value, text: "\(value)")
                }
                for value in [.min, -1, 0, 1, .max, .random(in: .min ... .max)] as [Int32] {
                    try await check(connection, value, text: "\(value)")
                }
                for value in [.min, -1, 0, 1, .max, .random(in: .min ... .max)] as [Int64] {
                    try await check(connection, value, text: "\(value)")
                    try await check(connection, Int(value), text: "\(value)")
                }
                let row = try #require(try await connection.query("SELECT 1::int2, 2::int4, 3::int8").first)
                #expect(try (0..<3).map { try row.decode($0, as: Int.self) } == [1, 2, 3])
            }
        }

        @Test func `truth values and floating-point numbers`() async throws {
            try await withConnection { connection in
                try await check(connection, true, text: "true")
                try await check(connection, false, text: "false")
                for value in [
                    0, -0.0, 0.1, .pi, .infinity, -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
                ] {
                    try await check(connection, value)
                }
                #expect(try await connection.query("SELECT $1", [Double.nan]).value(Double.self).isNaN)
                try await check(connection, 0.1, text: "0.1")
            }
        }

        @Test(arguments: [
            "", "a", "é", "e\u{301}", "👩‍👩‍👧", "\u{FEFF}", "\u{202E}abc", "'; DROP TABLE x; --", "\\", "$1", "\n\r\t",
            "\u{10FFFF}", "\u{1}\u{7F}",
        ]) func `text comes back byte for byte`(text: String) async throws {
            try await withConnection { connection in
                let rows = try await connection.query("SELECT $1, octet_length($1)", [text])
                #expect(Array(try rows[0].decode(0, as: String.self).utf8) == Array(text.utf8))
                #expect(try rows[0].decode(1) == text.utf8.count)
            }
        }

        @Test func `bytes, names and moments`() async throws {
            try await withConnection { connection in
                let bytes = PostgresBytes((0...255).map { UInt8($0) })
                try await check(connection, bytes)
                try await check(connection, PostgresBytes([]), text: "\\x")
                try await check(
                    connection,
                    PostgresUUID(high: 0x0123_4567_89AB_CDEF, low: 0xFEDC_BA98_7654_3210),
                    text: "01234567-89ab-cdef-fedc-ba9876543210"
                )
                for microseconds in [0, 1, -1, 1_000_000, .random(in: -1_000_000_000_000...1_000_000_000_000_000)] {
                    try await check(connection, PostgresTimestamp(microseconds: Int64(microseconds)))
                }
                let moment = try await connection.query("SELECT to_timestamp(1)").value(PostgresTimestamp.self)
                #expect(moment.microseconds == (1 - PostgresTimestamp.secondsFrom1970To2000) * 1_000_000)
            }
        }

        @Test func `NULL is told from what is empty`() async throws {
            try await withConnection { connection in
                let row = try #require(
                    try await connection.query("SELECT $1, $2, $3", [String?.none, "", Int?.some(1)]).first
                )
                #expect(row.isNull(0))
                #expect(try row.decode(0, as: String?.self) == nil)
                #expect(try row.decode(1, as: String?.self) == "")
                #expect(try row.decode(2, as: Int?.self) == 1)
                #expect(throws: PostgresError.self) { try row.decode(0, as: String.self) }
            }
        }

        @Test func `arrays of every kind, as columns of rows that are sent at once`() async throws {
            try await withConnection { connection in
                try await check(connection, [] as [Int])
                try await check(connection, [1, 2, 3], text: "{1,2,3}")
                try await check(connection, [1, nil, 3] as [Int16?], text: "{1,NULL,3}")
                try await check(connection, [.min, .max] as [Int32])
                try await check(connection, [true, false])
                try await check(connection, [0.5, -1.5], text: "{0.5,-1.5}")
                try await check(connection, [PostgresUUID(high: 1, low: 2), PostgresUUID(high: 3, low: 4)])
                try await check(connection, [PostgresBytes([]), PostgresBytes([0, 1])])
                try await check(connection, [PostgresTimestamp(microseconds: 5)])
                try await check(connection, ["", "a,b", "\"{}\"", "NULL", nil])
                let texts = (0..<500).map { "text \($0)" }
                let rows = try await connection.query(
                    "SELECT * FROM unnest($1, $2) WITH ORDINALITY AS t(number, text, place) ORDER BY place",
                    [Array(0..<500), texts]
                )
                #expect(try rows.map { try $0.decode(0) } == Array(0..<500))
                #expect(try rows.map { try $0.decode(1) } == texts)
            }
        }

        @Test func `JSON comes back as its text`() async throws {
            try await withConnection { connection in
                let rows = try await connection.query("SELECT $1::json, $1::jsonb", [#"{"b" : 1}"#])
                #expect(try rows[0].decode(0) == #"{"b" : 1}"#)
                #expect(try rows[0].decode(1) == #"{"b": 1}"#)
            }
        }

        @Test(arguments: ["sslmode=disable", "sslmode=require"]) func `large values, with and without TLS`(
            query: String
        ) async throws {
            try await withConnection(settings(query)) { connection in
                #expect(connection.usesTLS == (query == "sslmode=require"))
                // Of no size that divides a record's or a buffer's.
                for count in [16_383, 70_001, 1_500_007, 8_000_009] {
                    let bytes = PostgresBytes((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
                    let row = try #require(
                        try await connection.query("SELECT $1, repeat('x', $2)", [bytes, Int32(count)]).first
                    )
                    #expect(try row.decode(0) == bytes)
                    #expect(try row.decode(1, as: String.self).utf8.count == count)
                }
            }
        }
    }
}
