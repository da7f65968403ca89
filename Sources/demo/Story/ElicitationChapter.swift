import JOSE

/// The steps that no model may decide or see: on pages of the authorization server a user approves one action and enters a key.
extension Story {
    static let stranger = "mallory"

    /// Registers the MCP server's events endpoint and waits until the endpoint has echoed the verification event.
    func pushEvents() async throws {
        let policy = ["resources", "policy", stage.example.url]
        _ = try await stage.gatehouse.command(policy + ["--events-endpoint", stage.example.events])
        narrator.command("gatehouse resources policy \(stage.example.url) --events-endpoint \(stage.example.events)")
        try await once("the events endpoint to be verified") {
            try await stage.gatehouse.objects(policy).first?["events"] == "active"
        }
        narrator.fact("events endpoint", "verified: it echoed the verification event")
    }

    /// Shows that Gatehouse delivered an event, as `events list` reports it.
    func showEvent(_ type: String) async throws {
        try await once("the event \(type) to arrive") {
            let events = try await stage.gatehouse.objects(["events", "list", "--state", "delivered"])
            return events.contains { $0["type"]?.string?.hasSuffix(type) == true }
        }
        narrator.fact("event", "\(type): signed, pushed to \(stage.example.events), delivered")
    }

    /// Polls until a condition holds; fails after ten seconds.
    func once(_ expected: String, _ condition: () async throws -> Bool) async throws {
        for _ in 0..<200 {
            if try await condition() { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw StoryFailure(expected: expected, found: "it did not within ten seconds")
    }

    /// The user approves, and the waiting call continues.
    func elicit(_ tokens: Tokens) async throws {
        narrator.step("A deletion needs \(Self.person)'s approval, which no model can give")
        let question = try await askToDelete("hello.txt", tokens)
        narrator.fact("delete_file", "input required: \(question.link)")
        let notebook = notebook
        // The client retries at once; the MCP server holds the call until the user has acted.
        async let held = notebook.call(question.retry("accept"), token: tokens.access)
        let page = try await visitor.answer(question.link, "approve")
        guard page.status == 200 else {
            throw StoryFailure(expected: "the page to accept the decision", found: "the status was \(page.status)")
        }
        narrator.fact("the page shows", "\"\(Self.action)\", requested by Example files; \(Self.person) approves")
        let answer = try await held
        guard let text = answer.text, text == "Deleted hello.txt." else {
            throw StoryFailure(
                expected: "the waiting call to continue", found: answer.text ?? "status \(answer.status)")
        }
        narrator.fact("the waiting call", text)
        try await showEvent("elicitation-completed")
    }

    /// The user enters a key at Gatehouse; only the MCP server reads it.
    func handOver(_ tokens: Tokens) async throws {
        narrator.step("A tool needs \(Self.person)'s API key, which neither client nor model may see")
        let server = stage.example.url
        _ = try await stage.gatehouse.command(["resources", "policy", server, "--elicitation", "confirm,secret"])
        narrator.command("gatehouse resources policy \(server) --elicitation confirm,secret")
        let question = try await ask("store_api_key", ["service": "hub"], tokens)
        narrator.fact("store_api_key", "input required: \(question.link)")
        let (notebook, key) = (notebook, Random.token(12))
        async let held = notebook.call(question.retry("accept"), token: tokens.access)
        let page = try await visitor.answer(question.link, "approve", typing: key)
        guard page.status == 200 else {
            throw StoryFailure(expected: "the page to accept the key", found: "the status was \(page.status)")
        }
        let answer = try await held
        guard let text = answer.text, text.hasPrefix("Stored the key"), answer.body?.text.contains(key) == false else {
            throw StoryFailure(
                expected: "the waiting call to continue", found: answer.text ?? "status \(answer.status)")
        }
        narrator.fact("the waiting call", text)
    }

    /// Another user opens a link and learns nothing from it.
    func refuseStranger(_ tokens: Tokens) async throws {
        narrator.step("Another user opens such a link")
        let password = Random.token(9)
        _ = try await stage.gatehouse.objects(
            ["users", "add", Self.stranger, "--password-stdin"], input: password + "\n")
        let question = try await askToDelete("welcome.txt", tokens)
        let stranger = Person(name: Self.stranger, password: password, client: stage.client)
        let page = try await stranger.answer(question.link, "approve")
        guard page.status == 403, !page.html.contains("welcome.txt"), !page.html.contains(Self.action) else {
            throw StoryFailure(expected: "a page that reveals nothing", found: "the status was \(page.status)")
        }
        narrator.fact(Self.stranger, "403: the page reveals neither the user nor the request")
        let answer = try await notebook.call(question.retry("decline"), token: tokens.access)
        guard answer.body?["result"]?.object?["isError"] == true else {
            throw StoryFailure(expected: "the call to fail", found: answer.text ?? "status \(answer.status)")
        }
        narrator.fact("delete_file", answer.text ?? "")
    }

    private static let action = "Delete a file permanently"

    private func askToDelete(_ file: String, _ tokens: Tokens) async throws -> Question {
        try await ask("delete_file", ["name": .string(file)], tokens)
    }

    /// Calls a tool that has to answer with a link for the user.
    private func ask(_ tool: String, _ arguments: JSONObject, _ tokens: Tokens) async throws -> Question {
        let answer = try await notebook.call(tool, arguments, token: tokens.access)
        guard let question = Question(answer.body?["result"]?.object, tool, arguments) else {
            throw StoryFailure(expected: "a link for the user", found: answer.text ?? "status \(answer.status)")
        }
        return question
    }
}

/// The input that an MCP server requires before it continues a call.
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

    /// The parameters of the retried call, with the client's response to the request.
    func retry(_ action: String) -> JSONObject {
        [
            "name": .string(tool), "arguments": .object(arguments), "requestState": state,
            "inputResponses": .object([key: ["action": .string(action)]]),
        ]
    }
}
