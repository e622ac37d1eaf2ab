internal import ParleyCore

extension PageRequest {
    /// The arguments `(time, id) < ($, $) … LIMIT $` of a list by time and id, both descending.
    ///
    /// One more than the page is asked for, which tells whether there is a next one.
    func place<Entity>(of: Entity.Type) -> Arguments {
        let id: ID<Entity> = after?.id() ?? .maximum
        return [placeTime, id, limit + 1]
    }

    /// The hour of the place, as the column `updated_hour` counts it.
    var placeHour: Int64 { placeTime.microseconds / 3_600_000_000 }

    /// Makes a page of what such a list found.
    func cut<Element: Sendable>(_ found: [Element], cursor: (Element) -> Cursor) -> Page<Element> {
        let elements = Array(found.prefix(limit))
        guard found.count > limit, let last = elements.last else { return Page(elements: elements, next: nil) }
        return Page(elements: elements, next: cursor(last))
    }

    private var placeTime: Timestamp { after?.time ?? Timestamp(microseconds: .max) }
}
