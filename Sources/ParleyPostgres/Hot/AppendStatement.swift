/// The one statement that writes a batch of appends.
///
/// - Each message is a row of the input; its call is a number. A call is admitted whole or not at all: its caller may write,
///   and none of its ids is known in the conversation. What isn't admitted has no row in the answer.
/// - The access was seen in the statement's snapshot, and the lock sees the present: where the conversation has moved to
///   another project or gone meanwhile, it isn't locked, and nothing is written to it.
/// - Conversations are locked in the order of their ids, so that two batches never wait for each other in a circle. The
///   lock lets foreign keys to the conversation pass.
/// - Times never go back within a log, whatever the clocks of several instances say.
/// - The counters are read after the lock, so `seq` and `revision` have no gaps. An id that a racing batch has brought
///   breaks a unique constraint, and the whole statement with it.
///
/// Laterals and scalar subqueries stand where the planner must not find another way than the index, whatever it knows of
/// the tables: they are looked up row by row.
enum AppendStatement {
    /// Waits for conversations that others have locked.
    static let waiting = sql(lock: "FOR NO KEY UPDATE")
    /// Leaves conversations out that others have locked.
    static let passing = sql(lock: "FOR NO KEY UPDATE SKIP LOCKED")

    /// Arguments: sixteen columns as in `input`, the number of rows, the time.
    private static func sql(lock: String) -> String {
        """
        WITH input AS MATERIALIZED (
            SELECT t.* FROM ROWS FROM (
                unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::int8[]), unnest($4::int8[]), unnest($5::text[]),
                unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::text[]), unnest($10::text[]),
                unnest($11::text[]), unnest($12::float8[]), unnest($13::text[]), unnest($14::int8[]),
                unnest($15::text[]), unnest($16::text[]), generate_series(1, $17::int8)
            ) AS t(conversation_id, id, call, tag, email, role, content, metadata, parts, contexts, ai_response,
                confidence, model, fingerprint, terms, lexemes, n)
        ), known AS MATERIALIZED (
            SELECT DISTINCT i.call FROM input i
            WHERE (SELECT true FROM message m WHERE m.id = i.id AND m.conversation_id = i.conversation_id)
        ), admitted AS MATERIALIZED (
            SELECT i.*, p.project_id FROM input i
            CROSS JOIN LATERAL (
                SELECT c.project_id FROM conversation c
                WHERE c.id = i.conversation_id AND (
                    SELECT m.role IN ('owner', 'editor') AND \(Retention.keeps(for: "m")) FROM project_member m
                    WHERE m.project_id = c.project_id AND m.email = i.email
                )
                OFFSET 0
            ) p
            WHERE i.call NOT IN (SELECT call FROM known)
        ), wanted AS MATERIALIZED (
            SELECT conversation_id, project_id, count(*) AS count, (array_agg(tag ORDER BY n DESC))[1] AS tag
            FROM admitted GROUP BY conversation_id, project_id ORDER BY conversation_id
        ), locked AS MATERIALIZED (
            SELECT w.conversation_id, w.count, w.tag, l.tag AS tag_before FROM wanted w
            CROSS JOIN LATERAL (
                SELECT c.tag FROM conversation c
                WHERE c.id = w.conversation_id AND c.project_id = w.project_id
                \(lock)
            ) l
        ), advanced AS (
            UPDATE conversation c SET message_count = c.message_count + l.count, revision = c.revision + l.count,
                tag = l.tag, updated_at = greatest(c.updated_at, $18::int8),
                last_message_at = greatest(c.updated_at, $18)
            FROM locked l WHERE c.id = l.conversation_id
            RETURNING c.id, c.message_count - l.count AS seq, c.revision - l.count AS revision, c.updated_at,
                l.tag_before
        ), placed AS MATERIALIZED (
            SELECT i.*, a.tag_before, a.updated_at, a.seq + i.place AS seq, a.revision + i.place AS revision
            FROM (SELECT *, row_number() OVER (PARTITION BY conversation_id ORDER BY n) AS place FROM admitted) i
            JOIN advanced a ON a.id = i.conversation_id
        ), added AS (
            INSERT INTO message (conversation_id, id, seq, revision, created_at, updated_at, content_at, fence,
                fingerprint, confidence, is_edited, role, status, author, content_author, model, metadata, parts,
                contexts, ai_response, content, terms, lexemes)
            SELECT conversation_id, id, seq, revision, updated_at, updated_at, updated_at, 0, fingerprint, confidence, false, role,
                'delivered', CASE role WHEN 'user' THEN email END, CASE role WHEN 'user' THEN email END, model,
                metadata, parts, contexts, ai_response, content, terms,
                CASE WHEN terms IS NOT NULL THEN array_to_tsvector(
                    string_to_array(coalesce(lexemes, btrim(terms, ' ')), ' ') || ('p:' || project_id)
                ) END
            FROM placed
        ), said AS (
            DELETE FROM draft d USING (SELECT DISTINCT conversation_id, email FROM placed WHERE role = 'user') s
            WHERE d.conversation_id = s.conversation_id AND d.email = s.email
        )
        SELECT n, seq, revision, project_id, tag_before, updated_at FROM placed ORDER BY n
        """
    }
}
