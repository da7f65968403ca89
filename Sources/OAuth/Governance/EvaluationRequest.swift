package import JOSE

/// The question whether an MCP server may do something by itself now.
///
/// Spec: AuthZEN §6.1
package struct EvaluationRequest: Sendable {
    /// In whose name.
    package enum Subject: Sendable {
        /// Of the person whose live access token this is.
        case token(String)
        /// Of the person of a job, by its id as it was sent.
        case job(String)
    }

    package let subject: Subject
    package let action: ActionName
    /// On what, in the MCP server's own words.
    package let resourceType: String
    package let resourceID: String
    /// Answers with what arguments, if they are told; a person who is asked sees them.
    package let properties: JSONObject?
    /// The sentence above the question, should a person have to be asked.
    package let message: String?
    /// What the action does, for that person.
    package let summary: String?

    /// Reads the body of the request; members that are not known are passed over, as the specification wants it.
    package init(json: JSONObject) throws(OAuthError) {
        let subject = try MemberReader(json["subject"], at: "subject")
        let id = try subject.text("id", limit: 8192)
        switch try subject.text("type", limit: 20) {
        case "access_token": self.subject = .token(id)
        case "job": self.subject = .job(id)
        default: throw subject.refusal("type", "has to be access_token or job.")
        }
        let action = try MemberReader(json["action"], at: "action")
        let name = try action.text("name", limit: 64)
        do throws(OAuthValueError) {
            self.action = try ActionName(name)
        } catch {
            throw action.refusal("name", "has to be made of \(ActionName.rule).")
        }
        properties = try action.objectIfAny("properties")
        let resource = try MemberReader(json["resource"], at: "resource")
        resourceType = try resource.text("type", limit: 100)
        resourceID = try resource.text("id", limit: 200)
        let context = MemberReader(try MemberReader(json).objectIfAny("context") ?? [:], at: "context")
        message = try context.textIfAny("message", limit: 500)
        summary = try context.textIfAny("summary", limit: 500)
    }

    /// What is done on what, in one line.
    package var deed: String { "\(action) on \(resourceType) \(resourceID)" }

    /// The action as a person is asked to approve it: all that is evaluated and what it is for, so that the approval of
    /// one counts for no other.
    package func approvable(purpose: String?) throws(OAuthError) -> ElicitationAction {
        var details: [JSON] = [["label": .string(resourceType), "value": .string(resourceID)]]
        if let purpose { details.append(["label": "Purpose", "value": .string(purpose)]) }
        var arguments: JSONObject = ["resource": ["type": .string(resourceType), "id": .string(resourceID)]]
        if let properties { arguments["properties"] = .object(properties) }
        return try ElicitationAction(json: [
            "name": .string(action.string), "summary": .string(summary ?? deed), "details": .array(details),
            "arguments": .object(arguments),
        ])
    }
}
