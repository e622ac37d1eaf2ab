internal import ParleyCore

extension String {
    /// Whether the bytes are the same; `==` takes canonically equivalent texts for one.
    func isExactly(_ other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }
}

extension String? {
    /// Whether both are none, or have the same bytes.
    func isExactly(_ other: String?) -> Bool {
        switch (self, other) {
        case (let text?, let other?): text.isExactly(other)
        case (nil, nil): true
        default: false
        }
    }
}

extension JSONObject {
    /// Whether the JSON text is the same.
    func isExactly(_ other: JSONObject) -> Bool {
        JSON.object(self).serialized == JSON.object(other).serialized
    }
}
