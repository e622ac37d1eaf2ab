import ParleyCore

extension ConversationStore {
    /// Reads a request's fields; where they break a rule, first asks whether the caller may know of the conversation at all.
    ///
    /// The contract's order is 404, 403, then 400 for fields. Access itself is checked inside each statement of the store;
    /// only a request that fails here costs a question more.
    func checking<Value>(
        _ access: Access,
        to conversation: ConversationID,
        and project: ProjectID? = nil,
        as identity: Identity,
        _ fields: () throws(ParleyError) -> Value
    ) async throws -> Value {
        try await checking(
            {
                if let project { _ = try await self.project(project, as: identity) }
                try await authorize(access, to: conversation, as: identity)
            },
            fields
        )
    }

    /// The same for a message of a conversation.
    func checking<Value>(
        _ access: Access,
        to message: MessageID,
        in conversation: ConversationID,
        as identity: Identity,
        _ fields: () throws(ParleyError) -> Value
    ) async throws -> Value {
        try await checking({ try await authorize(access, to: message, in: conversation, as: identity) }, fields)
    }

    /// The same for a project.
    func checking<Value>(
        _ access: Access,
        to project: ProjectID?,
        as identity: Identity,
        _ fields: () throws(ParleyError) -> Value
    ) async throws -> Value {
        try await checking(
            {
                guard let project else { return }
                let role = try await self.project(project, as: identity).role(of: identity.email)
                guard role?.allows(access) == true else { throw access.refusal }
            },
            fields
        )
    }

    private func checking<Value>(
        _ authorize: () async throws -> Void,
        _ fields: () throws(ParleyError) -> Value
    ) async throws -> Value {
        do {
            return try fields()
        } catch {
            if error.code == .invalidRequest { try await authorize() }
            throw error
        }
    }
}
