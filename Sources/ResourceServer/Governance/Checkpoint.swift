import JOSE

/// A change of who is acting, for the audit trail. It has names and enumerated values only, because the trail is permanent: a
/// name has 1 to 64 letters, digits, dots, colons, hyphens and underscores, and free text has no place in it.
public enum Checkpoint: Sendable, Hashable {
    /// A user's review of a sampling request.
    public enum Review: String, Sendable {
        /// The model's text is used unchanged.
        case approved
        /// The user edited the text.
        case edited
        /// The user rejected the text.
        case rejected
    }

    /// A user's reply to a form.
    public enum Reply: Sendable, Hashable {
        /// The form was submitted and selected this path of the tool, if it has several.
        case accepted(path: String?)
        case declined
        case cancelled
    }

    /// A sampling request of a tool was reviewed; `model` is the name that the client reported.
    case sampling(Review, tool: String? = nil, model: String? = nil)
    /// A form requested missing arguments; the reply is nil until it arrives.
    case form(missing: [String], tool: String? = nil, Reply? = nil)

    func body(subjectToken: PresentedToken) -> [UInt8] {
        var object: JSONObject = ["subject_token": .string(subjectToken.text)]
        switch self {
        case .sampling(let review, let tool, let model):
            object["kind"] = "sampling"
            object["outcome"] = .string(review.rawValue)
            object["tool"] = tool.map(JSON.string)
            object["model"] = model.map(JSON.string)
        case .form(let missing, let tool, let reply):
            object["kind"] = "form"
            object["missing"] = .strings(missing)
            object["tool"] = tool.map(JSON.string)
            switch reply {
            case nil: break
            case .accepted(let path):
                object["outcome"] = "accepted"
                object["path"] = path.map(JSON.string)
            case .declined: object["outcome"] = "declined"
            case .cancelled: object["outcome"] = "cancelled"
            }
        }
        return object.bytes
    }
}
