import JOSE

/// A moment that changes who is acting. It is made of names and closed words, because it stays on record: names are 1 to 64
/// letters, digits, dots, colons, hyphens and underscores, and no place for what anybody wrote.
public enum Checkpoint: Sendable, Hashable {
    /// What a person did with a sampling request.
    public enum Review: String, Sendable {
        /// What the model wrote goes on as it is.
        case approved
        /// The person changed it.
        case edited
        /// Nothing goes on.
        case rejected
    }

    /// What a person did with a form.
    public enum Reply: Sendable, Hashable {
        /// It was filled in, and led to this path of the tool, if it has several.
        case accepted(path: String?)
        case declined
        case cancelled
    }

    /// A sampling request was reviewed, for this tool; the name of the model, if the client told it.
    case sampling(Review, tool: String? = nil, model: String? = nil)
    /// Fields that a call lacked were asked for by a form; the reply once there is one.
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
