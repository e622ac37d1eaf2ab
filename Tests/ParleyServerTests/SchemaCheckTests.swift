import ParleyCore
import Testing

/// The check that ``OpenAPITests`` rely on must itself be able to fail.
@Suite("Schema check")
struct SchemaCheckTests {
    private static let document = """
        openapi: 3.1.0
        paths: {}
        components:
          schemas:
            Short: { type: string, maxLength: 3 }
        """

    private func flaws(_ schema: String, _ value: String) throws -> [String] {
        let document = try OpenAPIDocument(yaml: Self.document)
        return try SchemaCheck(document: document).flaws(in: JSON(parsing: value), against: JSON(parsing: schema))
    }

    @Test(
        "A value that keeps a rule passes, and one that breaks it does not",
        arguments: [
            (#"{"type":"string"}"#, #""a""#, "1"),
            (#"{"type":"integer"}"#, "1", "1.5"),
            (#"{"type":["string","null"]}"#, "null", "true"),
            (##"{"$ref":"#/components/schemas/Short"}"##, #""abc""#, #""abcd""#),
            (#"{"const":true}"#, "true", "false"),
            (#"{"enum":["a",null]}"#, "null", #""b""#),
            (#"{"required":["a"]}"#, #"{"a":1}"#, "{}"),
            (#"{"properties":{"a":{"type":"number"}}}"#, #"{"b":""}"#, #"{"a":""}"#),
            (#"{"properties":{"a":{}},"additionalProperties":false}"#, #"{"a":1}"#, #"{"b":1}"#),
            (#"{"maxProperties":0}"#, "{}", #"{"a":1}"#),
            (#"{"items":{"type":"null"}}"#, "[null]", "[null,1]"),
            (#"{"minItems":1}"#, "[1]", "[]"),
            (#"{"minimum":1,"maximum":2}"#, "2", "3"),
            (#"{"minLength":1}"#, #""é""#, #""""#),
            (#"{"pattern":"^[a-f]{2}$"}"#, #""af""#, #""afa""#),
            (#"{"format":"uuid"}"#, #""018f0000-0000-4000-8000-00000000c0de""#, #""018f""#),
            (#"{"format":"date-time"}"#, #""2026-11-21T09:14:00.000Z""#, #""2026-11-21""#),
            (#"{"anyOf":[{"type":"null"},{"const":1}]}"#, "1", "2"),
            (#"{"allOf":[{"minimum":1},{"maximum":2}]}"#, "1", "0"),
            (#"{"oneOf":[{"minimum":1},{"maximum":2}]}"#, "0", "1"),
        ]
    )
    func rules(schema: String, kept: String, broken: String) throws {
        #expect(try flaws(schema, kept) == [])
        #expect(try flaws(schema, broken) != [])
    }

    @Test("A keyword that is not checked is a flaw of the schema")
    func unknown() throws {
        #expect(try flaws(#"{"multipleOf":2}"#, "2") != [])
    }
}
