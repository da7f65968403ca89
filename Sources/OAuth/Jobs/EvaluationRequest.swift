package import JOSE

/// A request of an MCP server for the decision whether it may perform an action by itself now.
///
/// Spec: AuthZEN §6.1
package struct EvaluationRequest: Sendable {
    /// The user in whose name the MCP server would act.
    package enum Subject: Sendable {
        /// The user of this access token.
        case token(String)
        /// The user of the job with this id, as it was sent.
        case job(String)
    }

    /// The user in whose name the MCP server would act.
    package let subject: Subject
    /// The action, by the name that operators list.
    package let action: ActionName
    /// The type of the object of the action, in the MCP server's words; `resourceID` names the object.
    package let resourceType: String
    /// The id of the object of the action, in the MCP server's words.
    package let resourceID: String
    /// The arguments of the action, if the MCP server sent them; the page of an approval shows them.
    package let properties: JSONObject?
    /// The message of the elicitation, if the user has to approve.
    package let message: String?
    /// The description of the action for the user.
    package let summary: String?
    /// The greatest age of the user's sign-in, in seconds; nil for any age.
    package let maxAge: Int64?

    /// Reads the body of the request. Unknown members are ignored, as the specification requires.
    package init(json: JSONObject) throws(OAuthError) {
        let subject = try MemberReader(json["subject"], at: "subject")
        let id = try subject.text("id", limit: 8192)
        switch try subject.text("type", limit: 20) {
        case "access_token": self.subject = .token(id)
        case "job": self.subject = .job(id)
        default: throw subject.refusal("type", "must be access_token or job.")
        }
        let action = try MemberReader(json["action"], at: "action")
        let name = try action.text("name", limit: 64)
        do throws(OAuthValueError) {
            self.action = try ActionName(name)
        } catch {
            throw action.refusal("name", "must be made of \(ActionName.rule).")
        }
        properties = try action.objectIfAny("properties")
        let resource = try MemberReader(json["resource"], at: "resource")
        resourceType = try resource.text("type", limit: 100)
        resourceID = try resource.text("id", limit: 200)
        let context = MemberReader(try MemberReader(json).objectIfAny("context") ?? [:], at: "context")
        message = try context.textIfAny("message", limit: 500)
        summary = try context.textIfAny("summary", limit: 500)
        maxAge = try context.integerIfAny("max_age", in: SignInDemandRequest.ages)
    }

    /// The action and its object in one line.
    package var actionLine: String { "\(action) on \(resourceType) \(resourceID)" }

    /// The object of the action, as the arguments of an elicitation name it.
    private var object: JSON { ["type": .string(resourceType), "id": .string(resourceID)] }

    /// Whether an elicitation's action is this one on this object, whatever its arguments, wording and job.
    package func isAbout(_ action: ElicitationAction) -> Bool {
        action.name == self.action.string && action.arguments?["resource"] == object
    }

    /// The action for an elicitation. It holds everything that is evaluated and the purpose of the job, so that an
    /// approval counts for exactly this request.
    package func approvableAction(purpose: String?) throws(OAuthError) -> ElicitationAction {
        var details: [JSON] = [["label": .string(resourceType), "value": .string(resourceID)]]
        if let purpose { details.append(["label": "Purpose", "value": .string(purpose)]) }
        var arguments: JSONObject = ["resource": object]
        if let properties { arguments["properties"] = .object(properties) }
        return try ElicitationAction(json: [
            "name": .string(action.string), "summary": .string(summary ?? actionLine), "details": .array(details),
            "arguments": .object(arguments),
        ])
    }
}
