/// Every limit of Parley, with its reason.
public enum Limits {
    private static let kibibyte = 1024
    private static let mebibyte = 1024 * 1024

    // MARK: Text and values

    /// The longest text of a user, system or tool message, UTF-8.
    ///
    /// Mattermost stops at 16 383 characters, a Matrix event at 64 KiB.
    public static let messageContentBytes = 64 * kibibyte
    /// The longest text of an assistant's message: answers run longer than questions.
    public static let assistantContentBytes = mebibyte
    /// `parts`, `contexts` and `ai_response` of one message together, as JSON text.
    public static let messageAttachmentBytes = 256 * kibibyte
    /// A metadata object as JSON text: labels, not a document store.
    public static let metadataBytes = 16 * kibibyte
    /// How deep metadata, parts and answers may nest: real ones stay under ten.
    public static let metadataDepth = 32
    /// How deep any body may nest: a message's metadata stands three levels down.
    public static let jsonDepth = 64
    /// A title in Unicode scalars: a line of a sidebar, with room.
    public static let titleLength = 256
    /// A description in Unicode scalars.
    public static let descriptionLength = 4096
    /// A project's name in Unicode scalars.
    public static let projectNameLength = 256
    /// A persona's name in bytes.
    public static let personaBytes = 64
    /// A reaction in bytes: the longest emoji sequences in use are 35.
    public static let emojiBytes = 64
    /// A draft's text in bytes: what it will be sent as.
    public static let draftBytes = messageContentBytes
    /// A search query in bytes.
    public static let searchQueryBytes = 1024
    /// How many words and phrases of a query count.
    public static let searchClauses = 16
    /// How many terms of a query count: each is a walk through the index, and a sentence in Chinese has one a character.
    public static let searchTerms = 64
    /// How much of a text is looked at for a snippet, in scalars; a match further behind is shown by the text's beginning.
    public static let snippetSourceLength = 65_536
    /// The preview of a last message in characters: two lines of a sidebar.
    public static let previewLength = 140
    /// The snippet round a search hit in characters.
    public static let snippetLength = 200
    /// An e-mail address in bytes (RFC 5321, section 4.5.3.1: 254 leave room for the brackets).
    public static let emailBytes = 3...254
    /// A department in bytes.
    public static let departmentBytes = 128
    /// A model's name in bytes.
    public static let modelBytes = 256

    // MARK: Counts

    /// A page: default and range, as OpenAI's lists.
    public static let pageSize = 50
    /// What `limit` may be.
    public static let pageSizes = 1...100
    /// Messages in one append: all or none, so they share one transaction.
    public static let messagesPerAppend = 100
    /// Messages in one call that brings a conversation from elsewhere: the writer is nobody else's meanwhile.
    public static let messagesPerImport = 500
    /// The texts in such a call, in bytes; one message may be more, alone.
    public static let bytesPerImport = 4 * mebibyte
    /// Members of a project.
    public static let membersPerProject = 1000
    /// Different emoji on one message.
    public static let reactionsPerMessage = 64
    /// Versions kept of one message: the oldest are never dropped, the next edit is refused.
    public static let versionsPerMessage = 1000
    /// The versions of one message together, in bytes: they are read at once.
    public static let versionBytesPerMessage = 16 * mebibyte

    // MARK: Accounts

    /// A password in bytes.
    ///
    /// Eight is the least of NIST SP 800-63B, section 5.1.1.1; above 1 024 hashing it is a burden.
    public static let passwordBytes = 8...1024
    /// A person's name in Unicode scalars.
    public static let accountNameLength = 256
    /// How long a sign-in lasts without use.
    public static let sessionLifetime = Duration.seconds(30 * 24 * 60 * 60)

    // MARK: Keys of tokens

    /// A key set in bytes: 32 keys with a certificate each take half of it.
    public static let keySetBytes = 64 * kibibyte
    /// Keys in a key set: providers publish two to ten.
    public static let keySetKeys = 32
    /// How often a key set's file is looked at, and the least time between two fetches of a published one: how long a key
    /// that was taken out of the file may still be believed, and all that made-up names of keys can cost a provider.
    public static let keySetRecheck = Duration.seconds(30)
    /// How long a published key set is not asked for again.
    public static let keySetLifetime = Duration.seconds(60 * 60)
    /// How long a fetch of a key set may take: a request may wait for it.
    public static let keySetTimeout = Duration.seconds(1)
    /// How long keys hold whose provider can't be reached: a day of its outage must not end ours.
    public static let keySetStaleness = Duration.seconds(24 * 60 * 60)

    // MARK: Rendering

    /// Texts of one render call: a page of messages.
    public static let renderTexts = 1...100
    /// The body of a render call: an assistant's longest message, escaped, with room.
    public static let renderBodyBytes = 2 * mebibyte
    /// How much text is rendered along with one page of messages; a screen or two show a hundredth of it.
    public static let renderedPageBytes = 512 * kibibyte
    /// Render calls being worked on at once by one instance: half of what a small machine has.
    public static let rendersAtOnce = 1
    /// Render calls waiting for that; each takes about a millisecond.
    public static let renderQueue = 256
    /// Render calls of one person, worked on or waiting: a tab has one at a time.
    public static let rendersPerPerson = 4

    // MARK: Bodies

    /// The body of a message or chat route.
    public static let messageBodyBytes = 8 * mebibyte
    /// The body of an import: a browser's storage is 10 MiB, an archive of years is more.
    public static let importBodyBytes = 64 * mebibyte
    /// What one page of messages takes on its way from one store to another.
    public static let bytesPerReplicaPage = 4 * mebibyte
    /// The longest that a project may say conversations are kept: a hundred years.
    public static let retentionDays = 36_500
    /// How long the deletion of what has expired rests, give or take a fifth.
    public static let expiryInterval = Duration.seconds(300)
    /// How many expired conversations are deleted before the others who wait for the job are heard.
    public static let expiryBatch = 100
    /// Records of one import: each has its line in the answer.
    public static let importRecords = 100_000
    /// JSON values of one import; each takes some 50 bytes of memory, however little it says.
    public static let importValues = 4_000_000
    /// How much of an import's source is read at once.
    public static let importChunkBytes = 64 * kibibyte
    /// One conversation of another program's export as JSON text, or one line of Parley's own, which may hold a message with
    /// all its versions, escaped.
    public static let importElementBytes = 32 * mebibyte
    /// Commas in it: each stands for a value, which takes some 50 bytes of memory, however little it says.
    public static let importElementValues = 1_000_000
    /// Records that can't be imported after which an import gives up: the source is something else than was said.
    public static let importFailures = 100_000
    /// What an archive in a body may unpack to, together: text becomes a tenth, so that is a body of full size.
    public static let importUnpackedBytes = 1024 * mebibyte
    /// Files in an archive: one a picture of years.
    public static let archiveEntries = 100_000
    /// The directory of an archive.
    public static let archiveDirectoryBytes = 32 * mebibyte
    /// How many times its size a file in an archive may unpack to: text of chats becomes a tenth, deflate can do 1 030.
    public static let archiveRatio = 200
    /// What a file may unpack to whatever its size: the ratio says nothing of small ones.
    public static let archiveFreeBytes = 4 * mebibyte
    /// How much of one conversation an export holds until it knows that nothing has changed meanwhile.
    public static let exportHeldBytes = 4 * mebibyte
    /// How often one conversation is read again that changes while it is exported.
    public static let exportAttempts = 5
    /// Imports that one instance reads at once: each may take a few hundred MiB.
    public static let importsAtOnce = 2
    /// Any other body.
    public static let bodyBytes = 256 * kibibyte
    /// How long a body may take to arrive.
    public static let bodyTimeout = Duration.seconds(30)
    /// How long a connection may be silent; also bounds headers that drip in.
    public static let idleTimeout = Duration.seconds(60)
    /// How long a stream waits for a client that has stopped reading.
    public static let writeTimeout = Duration.seconds(10)
    /// How often a stream of events without news shows that it is alive: proxies close what is silent for a minute.
    public static let streamHeartbeat = Duration.seconds(15)
    /// Connections of one instance: those of all ``sockets``, and as many more as requests need.
    public static let connections = 11_000
    /// The request line and headers together.
    public static let headerBytes = 16 * kibibyte
    /// The number of header fields.
    public static let headerFields = 100
    /// The URL.
    public static let urlBytes = 8 * kibibyte

    // MARK: Turns with a model

    /// How much of a conversation a model is sent, in messages: beyond it models lose the thread themselves.
    public static let promptMessages = 100
    /// How much of a conversation a model is sent, in tokens as they are estimated: half of what common models take, so
    /// that what tools find and the answer have the other half.
    public static let promptTokens = 64_000
    /// What an image, a sound or a file counts as among these, in tokens.
    ///
    /// About what common models read a picture as; the length of its data says nothing, since no model reads these as text.
    public static let promptPartTokens = 1000
    /// When a lease is renewed while the model is silent: a third of ``replyLease``, so that two renewals may fail.
    public static let replyRenewal = Duration.seconds(3)
    /// How often a running reply asks a store again that can't be reached; see the delays between, together about ten seconds.
    public static let replyStoreRetries = 8
    /// How long a call to stop a reply waits for its end: a writer elsewhere hears of it when it next renews its lease.
    public static let replyStopWait = Duration.seconds(5)
    /// How long a model may take to find a title, which nobody waits for.
    public static let titleTimeout = Duration.seconds(60)
    /// Titles being found at once by one instance; a conversation beyond keeps the one its first message gave it.
    public static let titlesAtOnce = 20
    /// How long one who follows a reply may go on seeing it after losing access.
    public static let accessRecheck = Duration.seconds(2)

    /// How many models there are to choose from: the longest lists of providers, and no more than a person looks through.
    public static let modelChoices = 200
    /// What a model's server may answer to say which models it has, in bytes.
    public static let modelListBytes = mebibyte
    /// How long that may take: a person is waiting for a menu.
    public static let modelListTimeout = Duration.seconds(5)
    /// How long that is believed: models come by hand.
    public static let modelListLifetime = Duration.seconds(300)
    /// How long a server that has not said it is left alone.
    public static let modelListRetry = Duration.seconds(30)

    // MARK: The agent

    /// How often the model is asked with tools in one turn: a search, a few looks at what it found, and some mistakes.
    public static let agentRounds = 8
    /// Tool calls of one turn: two a round.
    public static let agentCalls = 16
    /// Tool calls of one turn that run at once: they are reads, and others want to read, too.
    public static let agentConcurrentCalls = 4
    /// Tokens of one turn after which no more tools are offered: four prompts of full size.
    public static let agentTokens = 256_000
    /// Time of one turn after which no more tools are offered: longer than this nobody watches a search.
    public static let agentTime = Duration.seconds(120)
    /// How long one tool call may take: a search takes milliseconds.
    public static let toolTime = Duration.seconds(10)
    /// What a tool answers, in bytes: those of all of a turn's calls fit into a message's attachments, escaped once more.
    public static let toolResultBytes = 12 * kibibyte
    /// The arguments of one call, in bytes: a search query of full length, each letter of it escaped.
    public static let toolArgumentBytes = 4 * kibibyte
    /// How much of one message a tool shows, in bytes: several fit into one answer.
    public static let toolMessageBytes = 4 * kibibyte

    // MARK: Queues and times

    /// Writes waiting for a store's writer: at a few thousand a second this is under a second's wait.
    public static let storeQueue = 2048
    /// Events waiting for one subscriber in process; the next one turns all into one "you missed something".
    public static let subscriptionQueue = 1024
    /// Replies written at once by one instance.
    public static let runningReplies = 1000
    /// Replies written at once by one instance for one person: more tabs than anybody reads, and far from all places.
    public static let runningRepliesPerPerson = 50
    /// How often a reply's pieces are committed: a frame of a 50 Hz screen, and 20 ms bounds what a crash can take.
    public static let pieceInterval = Duration.milliseconds(20)
    /// Pieces of one reply waiting for their commit, in bytes; the model's stream is not read on beyond it.
    public static let pendingPieceBytes = 256 * kibibyte
    /// How long a reply's lease holds without renewal.
    public static let replyLease = Duration.seconds(10)
    /// How often who follows a reply of another instance looks for what events have not brought, such as while Redis is down.
    public static let followInterval = Duration.seconds(3)
    /// How often an instance looks for replies whose instance has died: soon after a lease has run out they say so.
    public static let abandonedReplySweep = Duration.seconds(3)
    /// How long a shutdown may take before whatever is left is cancelled.
    public static let shutdownTimeout = Duration.seconds(10)
    /// How long a shutdown waits for running replies before it parks them.
    public static let shutdownGrace = Duration.seconds(8)

    // MARK: Sockets and streams of events

    /// Sockets and streams of one person: twenty tabs on all devices.
    public static let socketsPerPerson = 20
    /// Sockets and streams of one instance.
    public static let sockets = 10_000
    /// How often a silent socket is asked whether its client is still there.
    public static let socketHeartbeat = Duration.seconds(25)
    /// How long the answer to that may take.
    public static let socketHeartbeatWait = Duration.seconds(8)
    /// A message that a client sends over a socket, in bytes: all there is to send are ids.
    public static let socketMessageBytes = 64 * kibibyte
    /// Fragments of such a message.
    public static let socketMessageFragments = 256
    /// What may wait for one who reads too slowly, in bytes; then one `resync` stands in its place.
    public static let socketQueueBytes = mebibyte
    /// How long one whose queue was full may take nothing, until the connection is closed.
    public static let socketStall = Duration.seconds(10)
    /// Conversations that one socket may be subscribed to: what somebody has open, many times over.
    public static let subscriptionsPerSocket = 128
    /// What is told at once to one who catches up, in bytes, until it is waited for that it is taken.
    public static let socketPortionBytes = 64 * kibibyte
    /// What is read at once for one who catches up, in bytes, as far as can be foreseen.
    public static let catchUpPageBytes = 256 * kibibyte
    /// How many changes a socket brings to one who was away; who is further behind asks `/changes`, page by page.
    public static let socketCatchUp = 300
    /// Commands of one socket that wait for the one before: all that it may send at once.
    public static let socketCommands = 256
    /// Commands of one socket a second, and at once: typing in a few conversations, and subscribing to all after a restart.
    public static let socketCommandRate = (perSecond: 20, burst: 200)
    /// Of all sockets together, how often somebody writes may wait to be told: some milliseconds of the bus's work.
    public static let typingQueue = 8192
    /// How long somebody who was let write in a conversation is believed to be let, when all they do is typing.
    public static let typingAccess = accessRecheck
    /// Events of one conversation, or of one who catches up on it, that wait for what is before them.
    public static let heldEvents = 256
    /// Conversations of one project whose order is kept; those that rest are forgotten first.
    public static let orderedConversations = 512
    /// How long an event that is missing may still come by itself, until it is read from the store: those of two busy
    /// instances cross on their way, and what is read is only what became of several changes.
    public static let eventPatience = Duration.milliseconds(500)
    /// How often it is looked whether a subscribed conversation has changed without an event: its instance may have died.
    public static let subscriptionSweep = Duration.seconds(5)
    /// How many conversations are looked at by one statement then.
    public static let subscriptionSweepBatch = 500
    /// How often the standing of one who stays connected is looked at again, beside being told of it.
    public static let socketRevalidation = Duration.seconds(30 * 60)
    /// How long it may take until a connection knows what its person may see.
    public static let socketOpening = Duration.seconds(10)

    // MARK: The operator's figures

    /// Days that an operator may ask for at once.
    public static let usageDays = 1...366
    /// Days that an operator is shown who asks for no number of them.
    public static let usageDaysDefault = 30
    /// How often an instance looks how it is doing.
    public static let instanceSampleInterval = Duration.seconds(10)
    /// How many of these looks are kept: those of an hour.
    public static let instanceSamples = 360
}
