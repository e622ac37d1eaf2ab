/// All series of one name.
struct Family {
    /// What `# TYPE` says.
    enum Kind: String {
        case counter
        case gauge
        case histogram

        /// The names of the samples that a family of this kind has.
        func sampleNames(of name: String) -> [String] {
            switch self {
            case .counter, .gauge: [name]
            case .histogram: [name, name + "_bucket", name + "_sum", name + "_count"]
            }
        }
    }

    let kind: Kind
    /// By the text of their labels.
    var series: [String: any Series] = [:]
    /// Where those beyond the bound are counted together.
    var overflow: (any Series)?

    var isEmpty: Bool { series.isEmpty && overflow == nil }
}
