import JOSE

/// What no model may decide or see: a person approves one action, and hands over a key, at pages of the authorization server.
extension Story {
    static let stranger = "mallory"

    /// From now on the MCP server is told when a person has acted; first it shows that it wants that.
    func pushEvents() async throws {
        let policy = ["resources", "policy", stage.example.url]
        _ = try await stage.gatehouse.command(policy + ["--events-endpoint", stage.example.events])
        narrator.command("gatehouse resources policy \(stage.example.url) --events-endpoint \(stage.example.events)")
        try await once("the events endpoint to be verified") {
            try await stage.gatehouse.objects(policy).first?["events"] == "active"
        }
        narrator.fact("events endpoint", "verified: it brought back what it was sent")
    }

    /// What Gatehouse told the MCP server, as an operator sees it.
    func showEvent(_ type: String) async throws {
        try await once("the event \(type) to arrive") {
            let events = try await stage.gatehouse.objects(["events", "list", "--state", "delivered"])
            return events.contains { $0["type"]?.string?.hasSuffix(type) == true }
        }
        narrator.fact("event", "\(type), signed, pushed to \(stage.example.events): delivered")
    }

    /// Waits for something that happens a moment after what caused it.
    func once(_ expected: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<200 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw StoryFailure(expected: expected, found: "it did not within ten seconds")
    }

    /// The person approves, and the call that waits for it goes on.
    func elicit(_ tokens: Tokens) async throws {
        narrator.step("Deleting needs \(Self.person)'s own word, which no model can give")
        let question = try await askToDelete("hello.txt", tokens)
        narrator.fact("delete_file", "input required: \(question.link)")
        let notebook = notebook
        // The client comes back at once; the MCP server holds the call until the person has acted.
        async let held = notebook.call(question.coming(back: "accept"), token: tokens.access)
        let page = try await visitor.answer(question.link, "approve")
        guard page.status == 200 else {
            throw StoryFailure(expected: "the page to take the answer", found: "the status was \(page.status)")
        }
        narrator.fact("the page shows", "\"\(Self.action)\" asked by Example files; \(Self.person) approves")
        let answer = try await held
        guard let text = answer.text, text == "Deleted hello.txt." else {
            throw StoryFailure(expected: "the held call to go on", found: answer.text ?? "status \(answer.status)")
        }
        narrator.fact("the held call", text)
        try await showEvent("elicitation-completed")
    }

    /// The person types a key at Gatehouse; the MCP server alone reads it.
    func handOver(_ tokens: Tokens) async throws {
        narrator.step("Another tool needs \(Self.person)'s key, which neither client nor model may see")
        let server = stage.example.url
        _ = try await stage.gatehouse.command(["resources", "policy", server, "--elicitation", "confirm,secret"])
        narrator.command("gatehouse resources policy \(server) --elicitation confirm,secret")
        let question = try await ask("store_api_key", ["service": "hub"], tokens)
        narrator.fact("store_api_key", "input required: \(question.link)")
        let (notebook, key) = (notebook, Random.token(12))
        async let held = notebook.call(question.coming(back: "accept"), token: tokens.access)
        let page = try await visitor.answer(question.link, "approve", typing: key)
        guard page.status == 200 else {
            throw StoryFailure(expected: "the page to take the key", found: "the status was \(page.status)")
        }
        let answer = try await held
        guard let text = answer.text, text.hasPrefix("Stored the key"), answer.body?.text.contains(key) == false else {
            throw StoryFailure(expected: "the held call to go on", found: answer.text ?? "status \(answer.status)")
        }
        narrator.fact("the held call", text)
    }

    /// Somebody else gets hold of a link, and learns nothing by it.
    func refuseStranger(_ tokens: Tokens) async throws {
        narrator.step("Somebody else opens such a link")
        let password = Random.token(9)
        _ = try await stage.gatehouse.objects(
            ["users", "add", Self.stranger, "--password-stdin"], input: password + "\n")
        let question = try await askToDelete("welcome.txt", tokens)
        let stranger = Person(name: Self.stranger, password: password, client: stage.client)
        let page = try await stranger.answer(question.link, "approve")
        guard page.status == 403, !page.html.contains("welcome.txt"), !page.html.contains(Self.action) else {
            throw StoryFailure(expected: "a page that tells nothing", found: "the status was \(page.status)")
        }
        narrator.fact(Self.stranger, "403: the page tells neither whose it is nor what it asks")
        let answer = try await notebook.call(question.coming(back: "decline"), token: tokens.access)
        guard answer.body?["result"]?.object?["isError"] == true else {
            throw StoryFailure(expected: "the call to fail", found: answer.text ?? "status \(answer.status)")
        }
        narrator.fact("delete_file", answer.text ?? "")
    }

    private static let action = "Delete a file for good"

    private func askToDelete(_ file: String, _ tokens: Tokens) async throws -> Question {
        try await ask("delete_file", ["name": .string(file)], tokens)
    }

    /// Calls a tool that needs its person.
    private func ask(_ tool: String, _ arguments: JSONObject, _ tokens: Tokens) async throws -> Question {
        let answer = try await notebook.call(tool, arguments, token: tokens.access)
        guard let question = Question(answer.body?["result"]?.object, tool, arguments) else {
            throw StoryFailure(expected: "a link for the person", found: answer.text ?? "status \(answer.status)")
        }
        return question
    }
}

/// What the MCP server wants to know before it goes on with a call.
struct Question {
    let link: String
    private let tool: String
    private let key: String
    private let state: JSON
    private let arguments: JSONObject

    init?(_ result: JSONObject?, _ tool: String, _ arguments: JSONObject) {
        guard result?["resultType"] == "input_required", let state = result?["requestState"],
            let (key, request) = result?["inputRequests"]?.object?.members.first,
            let link = request.object?["params"]?.object?["url"]?.string
        else { return nil }
        self.link = link
        self.tool = tool
        self.key = key
        self.state = state
        self.arguments = arguments
    }

    /// The parameters of the same call, with what the client said to the question.
    func coming(back action: String) -> JSONObject {
        [
            "name": .string(tool), "arguments": .object(arguments), "requestState": state,
            "inputResponses": .object([key: ["action": .string(action)]]),
        ]
    }
}
