import JOSE

/// Something that this MCP server is about to do by itself, as it is to be decided.
public struct ServerAction: Sendable, Hashable {
    /// In whose name it is done.
    public enum Authority: Sendable {
        /// That of the person who is calling.
        case access(Access)
        /// That of the person of a job, by its id.
        case job(String)
    }

    /// The name that the operator of the authorization server listed it by.
    public let name: String
    /// On what, for example `expense_report`, at most 100 characters.
    public let resourceType: String
    /// Which one, at most 200 characters.
    public let resourceID: String
    /// The sentence above the question, should the person have to approve it.
    public var message: String?
    /// What it does, for that person, at most 500 characters.
    public var summary: String?
    private let arguments: JSONObject?

    /// Describes an action. `arguments` is a JSON object in UTF-8, part of what a person approves.
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
            throw InvalidElicitation("Give the arguments of the action as one JSON object, with no name twice.")
        }
        self.arguments = members
    }

    func body(on authority: Authority) throws(ElicitationError) -> [UInt8] {
        var action: JSONObject = ["name": .string(name)]
        action["properties"] = arguments.map(JSON.object)
        var context = JSONObject()
        context["message"] = message.map(JSON.string)
        context["summary"] = summary.map(JSON.string)
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

/// Whether this MCP server may do something by itself.
public enum ServerActionDecision: Sendable, Hashable {
    /// Do it now; the answer counts for this once.
    case allowed
    /// Do not do it: the person has to approve it at this link. Ask again when they have.
    case approvalRequired(Elicitation)
    /// Do not do it. The reason is nil where the token or the job is not in force.
    case denied(reason: String?)

    /// Reads an answer of the authorization server; nil for one that is none.
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
