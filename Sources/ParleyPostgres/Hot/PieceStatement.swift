/// The one statement that adds pieces to running replies, or only renews their leases.
///
/// A reply is served where its lease is the present one and its pieces come right behind those that are there; any other
/// has no row in the answer. Only the rows of the replies are locked, in the order of the conversations.
enum PieceStatement {
    /// Waits for replies that others have locked.
    static let waiting = sql(lock: "FOR NO KEY UPDATE")
    /// Leaves replies out that others have locked.
    static let passing = sql(lock: "FOR NO KEY UPDATE SKIP LOCKED")

    /// Arguments: of the replies conversation, message, fence, place of the first piece or NULL, number of pieces, and how
    /// many replies; of the pieces the reply's number, place behind the first, text, and how many; ``LeaseTime/now``.
    private static func sql(lock: String) -> String {
        """
        WITH input AS MATERIALIZED (
            SELECT t.* FROM ROWS FROM (
                unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::int8[]), unnest($4::int8[]), unnest($5::int8[]),
                generate_series(1, $6::int8)
            ) AS t(conversation_id, message_id, fence, position, count, n)
            ORDER BY 1
        ), held AS MATERIALIZED (
            SELECT i.n, i.conversation_id, i.count, l.next_index, l.stop_requested FROM input i
            CROSS JOIN LATERAL (
                SELECT l.next_index, l.stop_requested FROM live_reply l
                WHERE l.conversation_id = i.conversation_id AND l.fence = i.fence
                    AND (i.position IS NULL OR l.next_index = i.position)
                    AND (
                        SELECT m.id FROM message m WHERE m.conversation_id = l.conversation_id AND m.seq = l.seq
                    ) = i.message_id
                \(lock)
            ) l
        ), renewed AS (
            UPDATE live_reply l SET next_index = l.next_index + h.count, expires_at = \(LeaseTime.end(11))
            FROM held h WHERE l.conversation_id = h.conversation_id
        ), added AS (
            INSERT INTO reply_piece (conversation_id, position, text)
            SELECT h.conversation_id, h.next_index + p.place, p.text
            FROM ROWS FROM (
                unnest($7::int8[]), unnest($8::int8[]), unnest($9::text[]), generate_series(1, $10::int8)
            ) AS p(n, place, text, row)
            JOIN held h ON h.n = p.n
        )
        SELECT n, stop_requested FROM held
        """
    }
}
