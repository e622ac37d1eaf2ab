internal import ParleyCore

extension PageRequest {
    /// The arguments `(time, id) < (?, ?) … LIMIT ?` of a list by time and id, both descending.
    ///
    /// One more than the page is asked for, which tells whether there is a next one.
    func place<Entity>(of: Entity.Type) -> Arguments {
        let time = after?.time ?? Timestamp(microseconds: .max)
        let id: ID<Entity> = after?.id() ?? .maximum
        return [time, id, limit + 1]
    }

    /// Makes a page of what such a list found, loading only what is on it.
    func cut<Found, Element: Sendable>(
        _ found: [Found],
        cursor: (Element) -> Cursor,
        load: (Found) throws -> Element
    ) rethrows -> Page<Element> {
        let elements = try found.prefix(limit).map(load)
        guard found.count > limit, let last = elements.last else { return Page(elements: elements, next: nil) }
        return Page(elements: elements, next: cursor(last))
    }
}
