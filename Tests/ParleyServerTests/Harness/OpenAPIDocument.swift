import HTTPTypes
import ParleyCore
import Testing
import Yams

/// `openapi.yaml`, as the server sends it.
struct OpenAPIDocument: Sendable {
    /// One method of one path.
    struct Operation: Hashable, Sendable {
        let method: String
        /// With its parameters in braces.
        let path: String
        let json: JSON

        var name: String { "\(method) \(path)" }
    }

    /// What YAML says and JSON can't.
    struct NoJSON: Error {
        let value: String
    }

    let root: JSON
    let operations: [Operation]

    init(yaml: String) throws {
        root = try Self.json(Yams.load(yaml: yaml))
        operations = (root["paths"]?.objectValue?.members ?? []).flatMap { path in
            (path.value.objectValue?.members ?? []).map {
                Operation(method: $0.name.uppercased(), path: path.name, json: $0.value)
            }
        }
    }

    /// The operation that a request is of; of several paths that match, the one with the most literal segments.
    func operation(_ method: HTTPRequest.Method, _ target: String) -> Operation? {
        let segments = target.prefix { $0 != "?" }.split(separator: "/")
        let matching = operations.filter { operation in
            let template = operation.path.split(separator: "/")
            return operation.method == method.rawValue && template.count == segments.count
                && zip(template, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }
        return matching.min { $0.path.split(separator: "{").count < $1.path.split(separator: "{").count }
    }

    /// What a reference stands for; anything else is returned as it is.
    func resolved(_ json: JSON) throws -> JSON {
        guard let reference = json["$ref"]?.stringValue else { return json }
        var target: JSON? = root
        for name in reference.split(separator: "/").dropFirst() { target = target?[String(name)] }
        return try #require(target, "\(reference) names nothing")
    }

    private static func json(_ value: Any?) throws -> JSON {
        switch value {
        case nil: return .null
        case let value as String: return .string(value)
        case let value as Bool: return .bool(value)
        case let value as Int: return .number(JSONNumber(value))
        case let value as Double: return .number(try #require(JSONNumber(value)))
        case let value as [Any]: return .array(try value.map { try json($0) })
        case let value as [AnyHashable: Any]:
            var object = JSONObject()
            for (name, value) in value { object["\(name)"] = try json(value) }
            return .object(object)
        case let value?:
            guard "\(type(of: value))" == "NSNull" else { throw NoJSON(value: "\(value)") }
            return .null
        }
    }
}
