import ParleyCore

extension JSONWriter {
    /// A project as API.md shapes it.
    mutating func project(_ project: Project) {
        object { writer in
            writer.member("id", project.id)
            writer.member("name", project.name)
            writer.member("description", project.description)
            writer.member("persona", project.persona)
            writer.member("retention_days", project.retentionDays)
            writer.member("personal", project.isPersonal)
            writer.name("members")
            writer.array { writer in
                for member in project.members {
                    writer.object {
                        $0.member("email", member.email.value)
                        $0.member("role", member.role.rawValue)
                    }
                }
            }
            writer.member("created_at", project.createdAt)
            writer.member("updated_at", project.updatedAt)
        }
    }
}
