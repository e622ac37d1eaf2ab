import Foundation

/// An e-mail address as an identity: trimmed, NFC, lower case, 3 to 254 bytes, with one `@` inside, no white space and no
/// control characters.
///
/// It is compared as text; whether it receives mail is not asked. Stores and the wire only ever see this form.
public struct EmailAddress: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The normalised address.
    public let value: String

    /// Normalises and checks an address; `nil` where it is none.
    public init?(_ text: String) {
        // Looked at before it is normalised, which takes long for long runs of accents.
        guard text.utf8.count <= 4 * Limits.emailBytes.upperBound else { return nil }
        // Twice, since Foundation leaves marks unsorted that it took out of another one (U+0F73) on its first pass.
        let normalized = text.trimmingCharacters(in: .whitespaces).lowercased()
            .precomposedStringWithCanonicalMapping.precomposedStringWithCanonicalMapping
        let halves = normalized.split(separator: "@", omittingEmptySubsequences: false)
        guard Limits.emailBytes.contains(normalized.utf8.count), halves.count == 2, halves.allSatisfy({ !$0.isEmpty }),
            // An @ with an accent on it is no @ to `split`, and would pass as a second one.
            normalized.utf8.count(where: { $0 == UInt8(ascii: "@") }) == 1,
            normalized.unicodeScalars.allSatisfy(Self.mayContain)
        else { return nil }
        value = normalized
    }

    /// Takes an address that was normalised when it was stored.
    public init(normalized value: String) {
        self.value = value
    }

    private static func mayContain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .spaceSeparator, .lineSeparator,
            .paragraphSeparator:
            false
        default: true
        }
    }

    /// Orders by text.
    public static func < (lhs: Self, rhs: Self) -> Bool { lhs.value < rhs.value }

    /// The normalised address.
    public var description: String { value }
}
