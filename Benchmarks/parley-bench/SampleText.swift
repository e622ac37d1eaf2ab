/// Text that looks like people's to an index: common words often, rare ones seldom, no two messages alike.
enum SampleText {
    private static let words = """
        the and to of a in we it is that for on with as this be at from have not are was you can will one all would they \
        when what which there our more about project model answer question release customer report budget meeting server \
        database message deadline review design team plan index latency queue retry token session draft invoice contract \
        warehouse shipment sensor battery firmware antenna protocol histogram quarterly tolerance bracket torque gasket
        """.split(separator: " ")

    /// A message of about 300 bytes; the same number gives the same text.
    static func message(_ number: Int) -> String {
        var state = UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15 | 1
        var text = "Message \(number):"
        while text.utf8.count < 300 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            // Squared, so that the first words come most often.
            let place = Double(state >> 11) / Double(1 << 53)
            text += " " + words[Int(place * place * Double(words.count))]
        }
        return text
    }
}
