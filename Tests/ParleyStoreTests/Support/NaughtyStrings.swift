import Foundation
import ParleyCore

/// The Big List of Naughty Strings: texts that have broken programs.
enum NaughtyStrings {
    /// All that a message may hold: those that are not empty.
    static var all: [String] {
        get throws {
            let url = Bundle.module.url(
                forResource: "big-list-of-naughty-strings",
                withExtension: "json",
                subdirectory: "Fixtures"
            )
            guard let url else { throw MissingGround(what: "big-list-of-naughty-strings.json") }
            let strings = try JSON(parsing: Data(contentsOf: url)).arrayValue?.compactMap(\.stringValue)
            guard let strings, strings.count > 500 else { throw MissingGround(what: "naughty strings") }
            return strings.filter { !$0.isEmpty }
        }
    }
}
