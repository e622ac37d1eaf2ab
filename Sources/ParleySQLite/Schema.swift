internal import GRDB

/// The schema's history: migrations are appended, never changed, and use no type of the program, which goes on changing.
enum Schema {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 projects, conversations, messages, accounts, query log") { db in
            for statement in projects + conversations + messages + replies + search + accounts {
                try db.execute(sql: statement)
            }
        }
        migrator.registerMigration("2 time to first token") { db in
            try db.execute(sql: "ALTER TABLE query_log ADD COLUMN first_token_ms INTEGER")
        }
        migrator.registerMigration("3 revision of the improved title") { db in
            try db.execute(sql: "ALTER TABLE conversation ADD COLUMN titled_revision INTEGER")
        }
        migrator.registerMigration("4 read marks") { db in
            try db.execute(sql: readMarks)
        }
        migrator.registerMigration("5 indices for the operator's figures") { db in
            for statement in usage { try db.execute(sql: statement) }
        }
        migrator.registerMigration("6 what imports did") { db in
            for statement in imports { try db.execute(sql: statement) }
        }
        migrator.registerMigration("7 retention") { db in
            for statement in retention { try db.execute(sql: statement) }
        }
        migrator.registerMigration("8 copies that are not whole") { db in
            try db.execute(sql: partialCopies)
        }
        return migrator
    }

    // MARK: 1

    private static let projects = [
        """
        CREATE TABLE project (
            id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
            name TEXT NOT NULL CHECK (name <> ''),
            description TEXT,
            persona TEXT,
            personal_of TEXT UNIQUE,  -- whose personal project it is
            fingerprint INTEGER,  -- of what it was made with, for retries
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE project_member (
            project_id BLOB NOT NULL REFERENCES project (id) ON DELETE CASCADE,
            email TEXT NOT NULL CHECK (email <> ''),
            role TEXT NOT NULL CHECK (role IN ('owner', 'editor', 'viewer')),
            PRIMARY KEY (project_id, email)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX project_member_email ON project_member (email, project_id, role)",
    ]

    private static let conversations = [
        """
        CREATE TABLE conversation (
            key INTEGER PRIMARY KEY,  -- the row of its title in the index
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
            project_id BLOB NOT NULL REFERENCES project (id) ON DELETE CASCADE,
            owner TEXT NOT NULL,
            status TEXT NOT NULL CHECK (status IN ('active', 'archived')),
            is_pinned INTEGER NOT NULL CHECK (is_pinned IN (0, 1)),
            message_count INTEGER NOT NULL CHECK (message_count >= 0),
            revision INTEGER NOT NULL CHECK (revision > message_count),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            last_message_at INTEGER,
            forked_from BLOB CHECK (length(forked_from) = 16),  -- which may be gone
            forked_seq INTEGER CHECK (forked_seq > 0),
            fingerprint INTEGER,
            title_is_given INTEGER NOT NULL CHECK (title_is_given IN (0, 1)),  -- 0: a turn may title it
            title TEXT NOT NULL CHECK (title <> ''),
            description TEXT,
            metadata TEXT,  -- NULL: {}
            CHECK ((forked_from IS NULL) = (forked_seq IS NULL))
        ) STRICT
        """,
        "CREATE INDEX conversation_recent ON conversation (project_id, updated_at DESC, id DESC, status)",
        """
        CREATE TABLE draft (
            email TEXT NOT NULL,
            conversation_id BLOB REFERENCES conversation (id) ON DELETE CASCADE,  -- NULL: the one not yet made
            text TEXT NOT NULL CHECK (text <> ''),
            updated_at INTEGER NOT NULL
        ) STRICT
        """,
        "CREATE UNIQUE INDEX draft_place ON draft (conversation_id, email) WHERE conversation_id IS NOT NULL",
        "CREATE UNIQUE INDEX draft_new ON draft (email) WHERE conversation_id IS NULL",
    ]

    // What is long stands last: SQLite finds a column by walking over those before it.
    private static let messages = [
        """
        CREATE TABLE message (
            key INTEGER PRIMARY KEY,  -- its row in the index
            conversation_id BLOB NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            id BLOB NOT NULL CHECK (length(id) = 16),
            seq INTEGER NOT NULL CHECK (seq > 0),
            revision INTEGER NOT NULL CHECK (revision > seq),
            role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'system', 'tool')),
            author TEXT CHECK (author IS NULL OR role = 'user'),
            status TEXT NOT NULL CHECK (status IN ('streaming', 'delivered', 'failed', 'interrupted', 'deleted')),
            is_edited INTEGER NOT NULL CHECK (is_edited IN (0, 1)),
            created_at INTEGER NOT NULL,
            updated_at INTEGER NOT NULL,
            content_author TEXT,  -- who wrote the present text
            content_at INTEGER NOT NULL,
            reply_to INTEGER CHECK (reply_to < seq),  -- the seq of the message it answers
            fence INTEGER NOT NULL CHECK (fence >= 0),  -- of its last lease
            fingerprint INTEGER,
            confidence REAL CHECK (confidence BETWEEN 0 AND 1),
            model TEXT,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            latency_ms INTEGER,
            reactions TEXT,
            metadata TEXT,
            parts TEXT,
            contexts TEXT,
            ai_response TEXT,
            content TEXT NOT NULL CHECK (content = '' OR status NOT IN ('streaming', 'deleted')),
            UNIQUE (conversation_id, seq),
            UNIQUE (id, conversation_id),  -- in this order it finds by id alone, too
            CHECK ((prompt_tokens IS NULL) = (completion_tokens IS NULL))
        ) STRICT
        """,
        "CREATE UNIQUE INDEX message_revision ON message (conversation_id, revision)",
        "CREATE INDEX message_reply ON message (conversation_id, reply_to) WHERE reply_to IS NOT NULL",
        """
        CREATE TABLE message_version (
            message_key INTEGER NOT NULL REFERENCES message (key) ON DELETE CASCADE,
            position INTEGER NOT NULL CHECK (position >= 0),
            octets INTEGER NOT NULL CHECK (octets >= 0),  -- how long the content is in bytes
            author TEXT,
            created_at INTEGER NOT NULL,
            content TEXT NOT NULL,
            PRIMARY KEY (message_key, position)
        ) STRICT
        """,
    ]

    private static let replies = [
        // A reply that is being written, one in a conversation: there is a row as long as its message is streaming.
        """
        CREATE TABLE live_reply (
            conversation_id BLOB NOT NULL PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
            message_key INTEGER NOT NULL UNIQUE REFERENCES message (key) ON DELETE CASCADE,
            fence INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            stop_requested INTEGER NOT NULL CHECK (stop_requested IN (0, 1)),
            next_index INTEGER NOT NULL CHECK (next_index >= 0)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE UNIQUE INDEX message_streaming ON message (conversation_id) WHERE status = 'streaming'",
        // A running reply's text: an append costs what the piece is long, not what the reply is.
        """
        CREATE TABLE reply_piece (
            message_key INTEGER NOT NULL REFERENCES message (key) ON DELETE CASCADE,
            position INTEGER NOT NULL CHECK (position >= 0),
            text TEXT NOT NULL,
            PRIMARY KEY (message_key, position)
        ) STRICT, WITHOUT ROWID
        """,
    ]

    // The tables hold the terms that Core's tokenizer cut, with spaces between. `ascii` splits at ASCII characters that are
    // neither letters nor digits, folds A to Z, and takes all other bytes as they are: folding stays Core's alone.
    // They keep their terms, so that an entry can be removed after the tokenizer has changed. No ranking, so no sizes.
    private static let search = [
        "CREATE VIRTUAL TABLE message_terms USING fts5 (terms, tokenize = 'ascii', columnsize = 0)",
        "CREATE VIRTUAL TABLE conversation_terms USING fts5 (terms, tokenize = 'ascii', columnsize = 0)",
    ]

    private static let accounts = [
        """
        CREATE TABLE account (
            email TEXT NOT NULL PRIMARY KEY CHECK (email <> ''),
            name TEXT,
            department TEXT,
            password_hash TEXT NOT NULL,
            created_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        """
        CREATE TABLE login_session (
            token_hash BLOB NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
            email TEXT NOT NULL REFERENCES account (email) ON DELETE CASCADE,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX login_session_email ON login_session (email)",
        "CREATE INDEX login_session_expiry ON login_session (expires_at)",
        """
        CREATE TABLE query_log (
            key INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            email TEXT NOT NULL,
            department TEXT,
            session_id TEXT,
            conversation_id BLOB NOT NULL,
            message_id BLOB NOT NULL,
            model TEXT,
            latency_ms INTEGER NOT NULL,
            prompt_tokens INTEGER,
            completion_tokens INTEGER,
            status TEXT NOT NULL
        ) STRICT
        """,
        "CREATE INDEX query_log_time ON query_log (time)",
    ]

    // MARK: 4

    private static let readMarks = """
        CREATE TABLE read_mark (
            conversation_id BLOB NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            email TEXT NOT NULL,
            seq INTEGER NOT NULL CHECK (seq > 0),  -- of the last message the person has read
            PRIMARY KEY (conversation_id, email)
        ) STRICT, WITHOUT ROWID
        """

    // MARK: 5

    // Each holds all that is counted, so that no text is walked over. What is appended stands at the end of the first.
    private static let usage = [
        "CREATE INDEX message_usage ON message (created_at, role, author)",
        "CREATE INDEX conversation_created ON conversation (created_at)",
    ]

    // MARK: 6

    // One row for what one import did to one conversation: it goes with that.
    private static let imports = [
        """
        CREATE TABLE import_item (
            conversation_id BLOB NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            batch BLOB NOT NULL CHECK (length(batch) = 16),
            importer TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            is_new INTEGER NOT NULL CHECK (is_new IN (0, 1)),  -- the import made the conversation
            added BLOB NOT NULL CHECK (length(added) % 16 = 0),  -- the messages' ids, one behind the other
            PRIMARY KEY (conversation_id, batch)
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX import_item_batch ON import_item (importer, batch, conversation_id)",
    ]

    // MARK: 7

    // The days stand with each member, too, where every check of an access reads them: nothing else is to be looked up, and
    // a change is as long as the list of members. The triggers keep them in step, whoever writes.
    private static let retention = [
        "ALTER TABLE project ADD COLUMN retention_days INTEGER CHECK (retention_days > 0)",
        "ALTER TABLE project_member ADD COLUMN retention_days INTEGER",
        "DROP INDEX project_member_email",
        "CREATE INDEX project_member_email ON project_member (email, project_id, role, retention_days)",
        "CREATE INDEX project_retention ON project (retention_days) WHERE retention_days IS NOT NULL",
        """
        CREATE TRIGGER project_member_joins AFTER INSERT ON project_member BEGIN
            UPDATE project_member SET retention_days = (SELECT o.retention_days FROM project o WHERE o.id = NEW.project_id)
            WHERE project_id = NEW.project_id AND email = NEW.email;
        END
        """,
        """
        CREATE TRIGGER project_retention_changes AFTER UPDATE OF retention_days ON project BEGIN
            UPDATE project_member SET retention_days = NEW.retention_days WHERE project_id = NEW.id;
        END
        """,
    ]

    // MARK: 8

    // A row says that messages of a copied conversation are still to come, and which revision it counts as until then.
    private static let partialCopies = """
        CREATE TABLE partial_copy (
            conversation_id BLOB NOT NULL PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
            revision INTEGER NOT NULL CHECK (revision >= 0)
        ) STRICT, WITHOUT ROWID
        """
}
