extension JSONWriter {
    /// The member `error` of the envelope, the one that OpenAI's SDKs parse.
    public mutating func error(_ error: ParleyError, requestID: String) {
        name("error")
        object { writer in
            writer.member("type", "\(error.code)")
            writer.member("code", "\(error.code)")
            writer.member("message", error.message)
            writer.name("param")
            if let parameter = error.parameter { writer.string(parameter) } else { writer.null() }
            writer.member("revision", error.revision)
            writer.member("request_id", requestID)
        }
    }
}
