extension Array: PostgresEncodable where Element: PostgresEncodable & PostgresArrayElement {
    /// The type of an array of such elements.
    public static var postgresType: PostgresType { Element.postgresArrayType }

    /// Appends an array of one dimension, or of none where there are no elements.
    public func encode(into buffer: inout PostgresBuffer) throws(PostgresError) {
        buffer.append(Int32(isEmpty ? 0 : 1))
        buffer.append(Int32(contains(where: \.isPostgresNull) ? 1 : 0))
        buffer.append(Element.postgresType.rawValue)
        if isEmpty { return }
        buffer.append(try PostgresBuffer.checkedLength(count, adding: 0))
        buffer.append(Int32(1))
        for element in self { try buffer.appendWithLength(element) }
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    /// Reads an array of one dimension.
    public static func decode(_ field: PostgresField) throws(PostgresError) -> [Element] {
        try field.withBytes { bytes throws(PostgresError) in
            var reader = ByteReader(bytes)
            let dimensions = try reader.integer(Int32.self)
            _ = try reader.integer(Int32.self)
            let type = PostgresType(rawValue: try reader.integer(UInt32.self))
            guard dimensions == 1 else {
                guard dimensions == 0 else { throw PostgresError(.mismatch, "an array of \(dimensions) dimensions") }
                try reader.end()
                return []
            }
            let count = Int(try reader.integer(Int32.self))
            _ = try reader.integer(Int32.self)
            // Each element has a length at least; so no count can make room for more than was received.
            guard count >= 0, count <= reader.remaining / 4 else {
                throw PostgresError(.mismatch, "an array with fewer elements than it says")
            }
            var elements: [Element] = []
            elements.reserveCapacity(count)
            for _ in 0..<count {
                let length = Int(try reader.integer(Int32.self))
                if length < 0 {
                    elements.append(try Element.decodeNull())
                } else {
                    elements.append(try Element.decode(field.part(type, try reader.take(length))))
                }
            }
            try reader.end()
            return elements
        }
    }
}
