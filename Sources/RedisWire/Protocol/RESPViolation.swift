/// Why bytes are no reply.
enum RESPViolation: String, Error, Hashable {
    case unknownType = "an element of no known type"
    case badLineEnd = "a line that doesn't end with CR LF"
    case badLength = "a length that is no number, or negative"
    case badInteger = "an integer that is none"
    case badDouble = "a double that is none"
    case badBoolean = "a boolean that is none"
    case badNull = "a null with something in it"
    case badBigNumber = "a big number that is none"
    case badVerbatim = "a verbatim string without its format"
    case nestedPush = "a push inside of a reply"
    case lineTooLong = "a line over the limit"
    case replyTooLarge = "a reply over the limit of bytes"
    case tooManyElements = "a reply over the limit of elements"
    case tooDeep = "a reply over the limit of depth"
}
