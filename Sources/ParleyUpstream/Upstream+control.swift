import NIOHTTP1
import ParleyCore

extension Upstream {
    /// The models, as OpenAI lists them.
    var models: JSON {
        let names = settings.models.isEmpty ? ["upstream"] : settings.models
        let faults = Behaviour.presets.map { Armory.modelPrefix + $0.name }
        return [
            "object": "list",
            "data": .array(
                (names + faults).map { name in
                    ["id": .string(name), "object": "model", "created": 1_767_603_600, "owned_by": "parley-upstream"]
                }
            ),
        ]
    }

    /// Answers a control route.
    func control(_ method: HTTPMethod, _ path: String, _ body: [UInt8]) -> (status: Int, body: JSON) {
        switch (method, path) {
        case (.POST, "/control"): return arm(body)
        case (.DELETE, "/control"):
            armory.clear()
            log.clear()
            release()
            return (200, ["cleared": true])
        case (.POST, "/control/release"):
            release()
            return (200, ["released": true])
        case (.GET, "/control/log"):
            return (200, ["count": .number(JSONNumber(log.count)), "requests": .array(log.entries.map(\.json))])
        default:
            return (
                404,
                ["error": ["message": "There is POST and DELETE /control, POST /control/release, GET /control/log."]]
            )
        }
    }

    // One behaviour or a list; `match` stands beside the behaviour's own members.
    private func arm(_ body: [UInt8]) -> (status: Int, body: JSON) {
        do {
            let json = try JSON(parsing: body)
            let armed = try (json.arrayValue ?? [json]).map { entry in
                guard var object = entry.objectValue else { return (try Behaviour(json: entry), String?.none) }
                let match = object["match"]?.stringValue
                object["match"] = nil
                return (try Behaviour(json: .object(object)), match)
            }
            for (behaviour, match) in armed {
                guard armory.arm(behaviour, match: match) else {
                    return (503, ["error": ["message": "Too many behaviours are armed."]])
                }
            }
            return (200, ["armed": .number(JSONNumber(armed.count))])
        } catch let error as UnknownBehaviour {
            return (400, ["error": ["message": .string(error.description)]])
        } catch {
            return (400, ["error": ["message": "The body is no JSON."]])
        }
    }
}
