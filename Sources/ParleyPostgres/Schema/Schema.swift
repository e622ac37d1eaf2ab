/// The schema's history: migrations are appended, never changed, and use no type of the program, which goes on changing.
///
/// Times are microseconds since 1970, ids are UUIDs. Every constraint that the rules allow to be said here is said here, and
/// every key of a hot table begins with a conversation or a project, so that the tables can be distributed by it.
enum Schema {
    static let migrations = [
        Migration(
            version: 1,
            name: "projects, conversations, messages, accounts, query log",
            statements: projects + conversations + messages + replies + accounts
        ),
        Migration(version: 2, name: "the signing secret", statements: signingSecret),
        Migration(version: 3, name: "read marks", statements: readMarks),
        Migration(version: 4, name: "indices for the operator's figures", statements: usage),
        Migration(version: 5, name: "what imports did", statements: imports),
        Migration(version: 6, name: "retention", statements: retention),
        Migration(version: 7, name: "copies that are not whole", statements: partialCopies),
    ]

    // MARK: 1

    private static let projects = [
        """
        CREATE TABLE project (
            id uuid PRIMARY KEY,
            name text NOT NULL CHECK (name <> ''),
            description text,
            persona text,
            personal_of text UNIQUE,
            fingerprint bigint,
            created_at bigint NOT NULL,
            updated_at bigint NOT NULL
        )
        """,
        "COMMENT ON COLUMN project.personal_of IS 'whose personal project it is'",
        "COMMENT ON COLUMN project.fingerprint IS 'of what it was made with, for retries'",
        """
        CREATE TABLE project_member (
            project_id uuid NOT NULL REFERENCES project (id) ON DELETE CASCADE,
            email text NOT NULL CHECK (email <> ''),
            role text NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
            PRIMARY KEY (project_id, email)
        )
        """,
        "CREATE INDEX project_member_email ON project_member (email, project_id)",
    ]

    // An append changes nothing that an index holds, but for the hour once an hour: so it is a heap-only update, which
    // the room on each page is for. The list sorts inside of one hour.
    private static let conversations = [
        """
        CREATE TABLE conversation (
            id uuid PRIMARY KEY,
            project_id uuid NOT NULL REFERENCES project (id) ON DELETE CASCADE,
            message_count bigint NOT NULL CHECK (message_count >= 0),
            revision bigint NOT NULL CHECK (revision > message_count),
            tag bigint NOT NULL,
            created_at bigint NOT NULL,
            updated_at bigint NOT NULL,
            updated_hour bigint NOT NULL GENERATED ALWAYS AS (updated_at / 3600000000) STORED,
            last_message_at bigint,
            titled_revision bigint,
            forked_seq bigint CHECK (forked_seq > 0),
            forked_from uuid,
            is_pinned boolean NOT NULL,
            title_is_given boolean NOT NULL,
            status text NOT NULL CHECK (status IN ('active', 'archived')),
            fingerprint bigint,
            owner text NOT NULL,
            title text NOT NULL CHECK (title <> ''),
            description text,
            metadata text,
            terms text NOT NULL,
            lexemes tsvector NOT NULL,
            CHECK ((forked_from IS NULL) = (forked_seq IS NULL))
        ) WITH (fillfactor = 70)
        """,
        "COMMENT ON COLUMN conversation.tag IS 'random, and another after every change: says which version of the log this is'",
        "COMMENT ON COLUMN conversation.titled_revision IS 'the revision that the last title of a program took'",
        "COMMENT ON COLUMN conversation.title_is_given IS 'false: a turn may title it'",
        "COMMENT ON COLUMN conversation.terms IS 'of the title, with a space before, between and behind'",
        "COMMENT ON COLUMN conversation.lexemes IS 'the terms, cut, and the project, so that one index finds both'",
        "CREATE INDEX conversation_recent ON conversation (project_id, updated_hour DESC)",
        """
        CREATE INDEX conversation_archived ON conversation (project_id, updated_hour DESC) WHERE status = 'archived'
        """,
        "CREATE INDEX conversation_lexemes ON conversation USING gin (lexemes) WITH (fastupdate = off)",
        """
        CREATE TABLE draft (
            email text NOT NULL,
            conversation_id uuid REFERENCES conversation (id) ON DELETE CASCADE,
            text text NOT NULL CHECK (text <> ''),
            updated_at bigint NOT NULL
        )
        """,
        "COMMENT ON COLUMN draft.conversation_id IS 'NULL: the conversation not yet made'",
        "CREATE UNIQUE INDEX draft_place ON draft (conversation_id, email) WHERE conversation_id IS NOT NULL",
        "CREATE UNIQUE INDEX draft_new ON draft (email) WHERE conversation_id IS NULL",
    ]

    // The index of terms has a short list of those still to be entered. With a long one, as is usual, whoever finds it full
    // waits a third of a second; without one each term of each message is entered by itself, which takes the server twice
    // the time an append takes otherwise (tried with words as frequent as in a language).
    private static let messages = [
        """
        CREATE TABLE message (
            conversation_id uuid NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            id uuid NOT NULL,
            seq bigint NOT NULL CHECK (seq > 0),
            revision bigint NOT NULL CHECK (revision > seq),
            created_at bigint NOT NULL,
            updated_at bigint NOT NULL,
            content_at bigint NOT NULL,
            reply_to bigint CHECK (reply_to < seq),
            fence bigint NOT NULL CHECK (fence >= 0),
            fingerprint bigint,
            prompt_tokens bigint,
            completion_tokens bigint,
            latency_ms bigint,
            confidence double precision CHECK (confidence BETWEEN 0 AND 1),
            is_edited boolean NOT NULL,
            role text NOT NULL CHECK (role IN ('user', 'assistant', 'system', 'tool')),
            status text NOT NULL CHECK (status IN ('streaming', 'delivered', 'failed', 'interrupted', 'deleted')),
            author text CHECK (author IS NULL OR role = 'user'),
            content_author text,
            model text,
            reactions text,
            metadata text,
            parts text,
            contexts text,
            ai_response text,
            content text NOT NULL CHECK (content = '' OR status NOT IN ('streaming', 'deleted')),
            terms text,
            lexemes tsvector,
            PRIMARY KEY (conversation_id, seq),
            UNIQUE (id, conversation_id),
            UNIQUE (conversation_id, revision),
            CHECK ((prompt_tokens IS NULL) = (completion_tokens IS NULL)),
            CHECK ((terms IS NULL) = (lexemes IS NULL))
        )
        """,
        "COMMENT ON COLUMN message.content_author IS 'who wrote the present text'",
        "COMMENT ON COLUMN message.reply_to IS 'the seq of the message it answers'",
        "COMMENT ON COLUMN message.fence IS 'of its last lease'",
        "COMMENT ON COLUMN message.terms IS 'of the text, with a space before, between and behind; NULL: is not found'",
        "COMMENT ON COLUMN message.lexemes IS 'the terms, cut, and the project, so that one index finds both'",
        """
        CREATE INDEX message_lexemes ON message USING gin (lexemes) WITH (gin_pending_list_limit = 512)
        WHERE lexemes IS NOT NULL
        """,
        "CREATE INDEX message_reply ON message (conversation_id, reply_to) WHERE reply_to IS NOT NULL",
        "CREATE UNIQUE INDEX message_streaming ON message (conversation_id) WHERE status = 'streaming'",
        """
        CREATE TABLE message_version (
            conversation_id uuid NOT NULL,
            seq bigint NOT NULL,
            position bigint NOT NULL CHECK (position >= 0),
            octets bigint NOT NULL CHECK (octets >= 0),
            created_at bigint NOT NULL,
            author text,
            content text NOT NULL,
            PRIMARY KEY (conversation_id, seq, position),
            FOREIGN KEY (conversation_id, seq) REFERENCES message ON DELETE CASCADE
        )
        """,
        "COMMENT ON COLUMN message_version.octets IS 'how long the content is in bytes'",
    ]

    // There is a row in live_reply as long as its message is streaming. Its text stands apart: an append costs what the
    // piece is long, not what the reply is.
    private static let replies = [
        """
        CREATE TABLE live_reply (
            conversation_id uuid PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
            seq bigint NOT NULL,
            fence bigint NOT NULL,
            expires_at bigint NOT NULL,
            next_index bigint NOT NULL CHECK (next_index >= 0),
            stop_requested boolean NOT NULL,
            FOREIGN KEY (conversation_id, seq) REFERENCES message ON DELETE CASCADE
        ) WITH (fillfactor = 50)
        """,
        """
        CREATE TABLE reply_piece (
            conversation_id uuid NOT NULL REFERENCES live_reply (conversation_id) ON DELETE CASCADE,
            position bigint NOT NULL CHECK (position >= 0),
            text text NOT NULL,
            PRIMARY KEY (conversation_id, position)
        )
        """,
    ]

    private static let accounts = [
        """
        CREATE TABLE account (
            email text PRIMARY KEY CHECK (email <> ''),
            name text,
            department text,
            password_hash text NOT NULL,
            created_at bigint NOT NULL
        )
        """,
        """
        CREATE TABLE login_session (
            token_hash bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
            email text NOT NULL REFERENCES account (email) ON DELETE CASCADE,
            created_at bigint NOT NULL,
            expires_at bigint NOT NULL
        )
        """,
        "CREATE INDEX login_session_email ON login_session (email)",
        "CREATE INDEX login_session_expiry ON login_session (expires_at)",
        """
        CREATE TABLE query_log (
            key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            time bigint NOT NULL,
            email text NOT NULL,
            department text,
            session_id text,
            conversation_id uuid NOT NULL,
            message_id uuid NOT NULL,
            model text,
            latency_ms bigint NOT NULL,
            first_token_ms bigint,
            prompt_tokens bigint,
            completion_tokens bigint,
            status text NOT NULL
        )
        """,
        "CREATE INDEX query_log_time ON query_log (time)",
    ]

    // MARK: 2

    private static let signingSecret = [
        """
        CREATE TABLE signing_secret (
            is_kept boolean PRIMARY KEY DEFAULT true CHECK (is_kept),
            secret bytea NOT NULL CHECK (octet_length(secret) >= 32)
        )
        """,
        "COMMENT ON TABLE signing_secret IS 'what bearer tokens are signed with where no jwt.secret is configured'",
    ]

    // MARK: 3

    private static let readMarks = [
        """
        CREATE TABLE read_mark (
            conversation_id uuid NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            email text NOT NULL,
            seq bigint NOT NULL CHECK (seq > 0),
            PRIMARY KEY (conversation_id, email)
        )
        """,
        "COMMENT ON COLUMN read_mark.seq IS 'of the last message that the person has read'",
    ]

    // MARK: 4

    // The first holds all that is counted, so that no text is walked over. What is appended stands at its end.
    private static let usage = [
        "CREATE INDEX message_usage ON message (created_at) INCLUDE (role, author)",
        "CREATE INDEX conversation_created ON conversation (created_at)",
    ]

    // MARK: 5

    // One row for what one import did to one conversation: it goes with that.
    private static let imports = [
        """
        CREATE TABLE import_item (
            conversation_id uuid NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            batch uuid NOT NULL,
            importer text NOT NULL,
            created_at bigint NOT NULL,
            is_new boolean NOT NULL,
            added uuid[] NOT NULL,
            PRIMARY KEY (conversation_id, batch)
        )
        """,
        "COMMENT ON COLUMN import_item.is_new IS 'the import made the conversation'",
        "COMMENT ON COLUMN import_item.added IS 'the messages that it added, in order'",
        "CREATE INDEX import_item_batch ON import_item (importer, batch, conversation_id)",
    ]

    // MARK: 6

    // The days stand with each member, too, where every check of an access reads them: nothing else is to be looked up, and
    // a change is as long as the list of members. The triggers keep them in step, whoever writes; whoever changes a project
    // or its members has locked it. The present time is a function, so that it is one for all instances, and so that a test
    // can say what it is.
    private static let retention = [
        "ALTER TABLE project ADD COLUMN retention_days bigint CHECK (retention_days > 0)",
        "ALTER TABLE project_member ADD COLUMN retention_days bigint",
        "COMMENT ON COLUMN project.retention_days IS 'for how long conversations are kept after they last changed'",
        "COMMENT ON COLUMN project_member.retention_days IS 'the project''s'",
        "CREATE INDEX project_retention ON project (retention_days) WHERE retention_days IS NOT NULL",
        """
        CREATE FUNCTION parley_now() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
        AS 'SELECT (extract(epoch FROM statement_timestamp()) * 1000000)::int8'
        """,
        """
        CREATE FUNCTION project_member_joins() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.retention_days := (SELECT o.retention_days FROM project o WHERE o.id = NEW.project_id);
            RETURN NEW;
        END
        $$
        """,
        """
        CREATE TRIGGER project_member_joins BEFORE INSERT ON project_member
        FOR EACH ROW EXECUTE FUNCTION project_member_joins()
        """,
        """
        CREATE FUNCTION project_retention_changes() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            UPDATE project_member SET retention_days = NEW.retention_days WHERE project_id = NEW.id;
            RETURN NULL;
        END
        $$
        """,
        """
        CREATE TRIGGER project_retention_changes AFTER UPDATE OF retention_days ON project
        FOR EACH ROW WHEN (OLD.retention_days IS DISTINCT FROM NEW.retention_days)
        EXECUTE FUNCTION project_retention_changes()
        """,
    ]

    // MARK: 7

    private static let partialCopies = [
        """
        CREATE TABLE partial_copy (
            conversation_id uuid PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
            revision bigint NOT NULL CHECK (revision >= 0)
        )
        """,
        "COMMENT ON TABLE partial_copy IS 'copied conversations of which messages are still to come'",
        "COMMENT ON COLUMN partial_copy.revision IS 'that the conversation counts as until then'",
    ]
}
