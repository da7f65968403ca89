import JOSE

/// An action of this MCP server, for a decision of the authorization server.
public struct ServerAction: Sendable, Hashable {
    /// The authority for an action.
    public enum Authority: Sendable {
        /// The access of the calling user.
        case access(Access)
        /// A job, by its id.
        case job(String)
    }

    /// The action name that an operator permitted.
    public let name: String
    /// The type of the affected resource, for example `expense_report`, at most 100 characters.
    public let resourceType: String
    /// The id of the affected resource, at most 200 characters.
    public let resourceID: String
    /// The sentence above the request, if the user has to approve the action.
    public var message: String?
    /// A description for that user, at most 500 characters.
    public var summary: String?
    /// The greatest age of the user's sign-in, in seconds. After an older one the decision is denied as `fresh_sign_in_required`, and the
    /// next approval of the client asks for a fresh sign-in.
    public var maxAge: Int64?
    private let arguments: JSONObject?

    /// Makes an action. `arguments` is a JSON object in UTF-8 and part of what a user approves.
    public init(
        name: String, resourceType: String, resourceID: String, arguments: [UInt8]? = nil
    ) throws(InvalidElicitation) {
        self.name = name
        self.resourceType = resourceType
        self.resourceID = resourceID
        guard let arguments else {
            self.arguments = nil
            return
        }
        guard let members = try? JSONObject(parsing: arguments) else {
            throw InvalidElicitation("The arguments of the action must be one JSON object without duplicate names.")
        }
        self.arguments = members
    }

    func body(on authority: Authority) throws(ElicitationError) -> [UInt8] {
        var action: JSONObject = ["name": .string(name)]
        action["properties"] = arguments.map(JSON.object)
        var context = JSONObject()
        context["message"] = message.map(JSON.string)
        context["summary"] = summary.map(JSON.string)
        context["max_age"] = maxAge.map(JSON.integer)
        var body: JSONObject = [
            "subject": try Self.subject(authority), "action": .object(action),
            "resource": ["type": .string(resourceType), "id": .string(resourceID)],
        ]
        if !context.isEmpty { body["context"] = .object(context) }
        return body.bytes
    }

    private static func subject(_ authority: Authority) throws(ElicitationError) -> JSON {
        switch authority {
        case .job(let id): return ["type": "job", "id": .string(id)]
        case .access(let access):
            guard let token = access.token else { throw Elicitations.tokenless }
            return ["type": "access_token", "id": .string(token.text)]
        }
    }
}

/// The decision on an action.
public enum ServerActionDecision: Sendable, Hashable {
    /// Permitted, once and now.
    case allowed
    /// Not permitted yet: the user has to approve it at the elicitation's link. Request a decision again afterwards.
    case approvalRequired(Elicitation)
    /// Denied. The reason is nil when the token or the job is no longer active.
    case denied(reason: String?)

    /// Parses a response of the authorization server; nil when it is not a decision.
    init?(_ object: JSONObject) {
        guard let isAllowed = object["decision"]?.bool else { return nil }
        guard !isAllowed else {
            self = .allowed
            return
        }
        let context = object["context"]?.object
        if let asked = context?["elicitation"]?.object.flatMap(Elicitation.init) {
            self = .approvalRequired(asked)
        } else {
            self = .denied(reason: context?["reason"]?.string)
        }
    }
}
