import HTTPTypes
import ParleyCore
import Synchronization
import Testing

/// The document as a contract: holds answers against it, and knows which of its operations have been asked.
final class Contract: Sendable {
    let document: OpenAPIDocument
    private let asked = Mutex(Set<String>())

    init(_ document: OpenAPIDocument) {
        self.document = document
    }

    /// The operations that nobody has got a success of.
    var unasked: [String] {
        let asked = asked.withLock { $0 }
        return document.operations.map(\.name).filter { !asked.contains($0) }.sorted()
    }

    /// Everything in which an answer, or the request that it was a success of, is not as the document says.
    func flaws(in answer: Answer, to method: HTTPRequest.Method, _ path: String, _ body: JSON?) throws -> [String] {
        guard let operation = document.operation(method, path) else { return ["\(method) \(path) is not documented"] }
        guard let described = operation.json["responses"]?["\(answer.status.code)"] else {
            return ["\(operation.name) may not answer \(answer.status.code): \(answer.text)"]
        }
        let response = try document.resolved(described)
        var flaws = try headerFlaws(in: answer, response) + contentFlaws(in: answer, response)
        // A WebSocket's success is none of an HTTP client's: that it is told so is all there is to ask for.
        if answer.status.kind == .successful || answer.status == .upgradeRequired {
            asked.withLock { _ = $0.insert(operation.name) }
            flaws += try requestFlaws(in: body, operation)
        }
        return flaws.map { "\(operation.name), \(answer.status.code): \($0)" }
    }

    private func requestFlaws(in body: JSON?, _ operation: OpenAPIDocument.Operation) throws -> [String] {
        guard let body else {
            return operation.json["requestBody"]?["required"] == true ? ["succeeds without its required body"] : []
        }
        guard let schema = operation.json["requestBody"]?["content"]?["application/json"]?["schema"] else {
            return ["takes no body"]
        }
        return try check(body, schema, "request")
    }

    private func headerFlaws(in answer: Answer, _ response: JSON) throws -> [String] {
        let id = answer.headers[HTTPField.Name("X-Request-ID") ?? .location].flatMap { MessageID($0) }
        var flaws = id == nil ? ["no X-Request-ID"] : []
        for header in response["headers"]?.objectValue?.members ?? [] {
            let rule = try document.resolved(header.value)
            guard let name = HTTPField.Name(header.name), let text = answer.headers[name] else {
                if rule["required"] == true { flaws.append("no \(header.name)") }
                continue
            }
            let value = Int(text).map { JSON.number(JSONNumber($0)) } ?? .string(text)
            if let schema = rule["schema"] { flaws += try check(value, schema, header.name) }
        }
        return flaws
    }

    private func contentFlaws(in answer: Answer, _ response: JSON) throws -> [String] {
        guard let content = response["content"]?.objectValue else {
            return answer.bytes.isEmpty ? [] : ["has a body"]
        }
        let type = String((answer.headers[.contentType] ?? "").prefix { $0 != ";" })
        guard let media = content[type], let schema = media["schema"] else { return ["may not be '\(type)'"] }
        switch type {
        case "application/json": return try check(answer.json, schema, "answer")
        case "text/event-stream":
            guard let schema = media["x-event-data"], !answer.events.isEmpty else { return ["is a stream of nothing"] }
            return try answer.events.enumerated().flatMap { index, event in
                try check(event.data, schema, "event \(index), \(event.type)")
            }
        default: return try check(.string(answer.text), schema, "answer")
        }
    }

    private func check(_ value: JSON, _ schema: JSON, _ place: String) throws -> [String] {
        try SchemaCheck(document: document).flaws(in: value, against: schema, at: place)
    }
}

/// Calls the API as one person, and holds each answer against the contract.
struct ContractCaller {
    let caller: Caller
    let contract: Contract

    /// Calls, and expects a status.
    @discardableResult
    func callAsFunction(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: JSON? = nil,
        headers: HTTPFields = [:],
        expecting status: HTTPResponse.Status = .ok,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        let answer = try await caller.call(method, path, headers: headers, body: body?.serialized)
        #expect(answer.status == status, "\(method) \(path): \(answer.text)", sourceLocation: sourceLocation)
        let flaws = try contract.flaws(in: answer, to: method, path, body)
        #expect(flaws == [], sourceLocation: sourceLocation)
        return answer
    }
}
