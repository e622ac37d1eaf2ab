/// One step of the schema's history.
struct Migration {
    /// Its place in the history: 1, 2, 3 and so on.
    let version: Int
    /// What it brings, for those who read the table `parley_migration`.
    let name: String
    /// What it does, in one transaction.
    let statements: [String]
    /// Whether instances of the version before can go on working beside it.
    ///
    /// So that instances can be replaced one after the other. A migration that is not compatible needs all of them stopped.
    var isCompatible = true
}
