/// What Prometheus takes for the name of a family: letters, digits, `_` and `:`, no digit first.
///
/// Anything else becomes `_`.
func familyName(_ label: String) -> String {
    if isName(label, colons: true) { return label }
    return cleaned(label, colons: true)
}

/// What Prometheus takes for the name of a label: as a family's, without colons.
///
/// Names that begin with two underscores are Prometheus' own, and so is a histogram's `le`: it is called `exported_le`, as
/// Prometheus itself calls a label that is in its way.
func labelName(_ name: String) -> String {
    if name == "le" { return "exported_le" }
    let name = isName(name, colons: false) ? name : cleaned(name, colons: false)
    return name.hasPrefix("__") ? "_" + name.drop { $0 == "_" } : name
}

/// Labels as they stand between the braces: in the order of their names, each name once, values escaped.
///
/// Two sets of labels are the same exactly when their texts are. Of several values for one name the first counts.
func labelText(_ dimensions: [(String, String)]) -> String {
    switch dimensions.count {
    case 0: return ""
    case 1: return pair(labelName(dimensions[0].0), dimensions[0].1)
    default: break
    }
    var seen: Set<String> = []
    var labels: [(name: String, value: String)] = []
    for (name, value) in dimensions {
        let name = labelName(name)
        if seen.insert(name).inserted { labels.append((name, value)) }
    }
    labels.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    return labels.map { pair($0.name, $0.value) }.joined(separator: ",")
}

private func pair(_ name: String, _ value: String) -> String {
    "\(name)=\"\(escaped(value, quotes: true))\""
}

/// A text with what ends a line, or a quoted value, written as two characters.
func escaped(_ text: String, quotes: Bool) -> String {
    let isPlain = text.utf8.allSatisfy { $0 != 0x5C && $0 != 0x0A && !(quotes && $0 == 0x22) }
    if isPlain { return text }
    var result = ""
    // Scalars and not characters: a line feed may be half of one.
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\\": result += #"\\"#
        case "\n": result += #"\n"#
        case "\"" where quotes: result += #"\""#
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}

private func isName(_ text: String, colons: Bool) -> Bool {
    guard let first = text.utf8.first, !isDigit(first) else { return false }
    return text.utf8.allSatisfy { isNameByte($0, colons: colons) }
}

private func cleaned(_ text: String, colons: Bool) -> String {
    var name = ""
    for scalar in text.unicodeScalars {
        let isKept = scalar.isASCII && isNameByte(UInt8(truncatingIfNeeded: scalar.value), colons: colons)
        name.unicodeScalars.append(isKept ? scalar : "_")
    }
    guard let first = name.utf8.first else { return "_" }
    return isDigit(first) ? "_" + name : name
}

private func isNameByte(_ byte: UInt8, colons: Bool) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
    case UInt8(ascii: ":"): colons
    default: isDigit(byte)
    }
}

private func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
}
