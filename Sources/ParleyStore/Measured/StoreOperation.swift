/// What a store can be asked, as the operator sees it.
///
/// Both forms of `authorize` are one.
enum StoreOperation: String, CaseIterable {
    case appendMessages = "append_messages"
    case appendPieces = "append_pieces"
    case authorize
    case beginRegeneration = "begin_regeneration"
    case beginTurn = "begin_turn"
    case changes
    case conversation
    case conversations
    case createConversation = "create_conversation"
    case createProject = "create_project"
    case deleteConversation = "delete_conversation"
    case deleteMessage = "delete_message"
    case deleteProject = "delete_project"
    case draft
    case editMessage = "edit_message"
    case finishReply = "finish_reply"
    case forkConversation = "fork_conversation"
    case importConversation = "import_conversation"
    case improveTitle = "improve_title"
    case interruptAbandonedReplies = "interrupt_abandoned_replies"
    case messages
    case newestMessages = "newest_messages"
    case personalProject = "personal_project"
    case project
    case projects
    case readMarks = "read_marks"
    case removeMember = "remove_member"
    case renew
    case replyProgress = "reply_progress"
    case requestStop = "request_stop"
    case runningReply = "running_reply"
    case search
    case setDraft = "set_draft"
    case setMember = "set_member"
    case setReaction = "set_reaction"
    case setReadMark = "set_read_mark"
    case updateConversation = "update_conversation"
    case updateProject = "update_project"
    case versions
}
