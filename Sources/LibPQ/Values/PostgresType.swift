/// A data type of PostgreSQL, by its object id in `pg_type`.
public struct PostgresType: RawRepresentable, Hashable, Sendable {
    /// The object id.
    public let rawValue: UInt32

    /// Takes an object id of `pg_type`.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }
}

extension PostgresType {
    /// The type `bool`.
    public static let bool = Self(rawValue: 16)
    /// The type `bytea`.
    public static let bytea = Self(rawValue: 17)
    /// The type `name`, of names in the catalogue.
    public static let name = Self(rawValue: 19)
    /// The type `int8`.
    public static let int8 = Self(rawValue: 20)
    /// The type `int2`.
    public static let int2 = Self(rawValue: 21)
    /// The type `int4`.
    public static let int4 = Self(rawValue: 23)
    /// The type `text`.
    public static let text = Self(rawValue: 25)
    /// The type `json`.
    public static let json = Self(rawValue: 114)
    /// The type `float8`.
    public static let float8 = Self(rawValue: 701)
    /// What a bare literal is.
    public static let unknown = Self(rawValue: 705)
    /// The type `char(n)`.
    public static let bpchar = Self(rawValue: 1042)
    /// The type `varchar`.
    public static let varchar = Self(rawValue: 1043)
    /// The type `timestamp`.
    public static let timestamp = Self(rawValue: 1114)
    /// The type `timestamptz`.
    public static let timestamptz = Self(rawValue: 1184)
    /// The type `uuid`.
    public static let uuid = Self(rawValue: 2950)
    /// The type `jsonb`.
    public static let jsonb = Self(rawValue: 3802)

    /// The type `bool[]`.
    public static let boolArray = Self(rawValue: 1000)
    /// The type `bytea[]`.
    public static let byteaArray = Self(rawValue: 1001)
    /// The type `int2[]`.
    public static let int2Array = Self(rawValue: 1005)
    /// The type `int4[]`.
    public static let int4Array = Self(rawValue: 1007)
    /// The type `text[]`.
    public static let textArray = Self(rawValue: 1009)
    /// The type `int8[]`.
    public static let int8Array = Self(rawValue: 1016)
    /// The type `float8[]`.
    public static let float8Array = Self(rawValue: 1022)
    /// The type `timestamptz[]`.
    public static let timestamptzArray = Self(rawValue: 1185)
    /// The type `uuid[]`.
    public static let uuidArray = Self(rawValue: 2951)
}
