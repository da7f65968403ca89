import ArgumentParser
import AuthorizationServer
import JOSE
import MCPClient
import Outbound

/// `gatehouse call`: calls a tool of an MCP server as a client does.
struct Call: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "call", abstract: "Call a tool of an MCP server, with a sign-in in the browser.",
        discussion: """
            Finds the authorization server from the URL of the MCP server, opens your browser for the sign-in, and prints the \
            result. It asks before it opens a link that the tool sends, and without a terminal prints that link only. It fills in \
            no page for you. Speaks MCP 2026-07-28 and 2025-11-25.

            As client it is the test client of 'gatehouse dev', or the one of --client-id, or it registers itself. The token is \
            kept in memory alone: each call signs in anew.

            Exits with 1 if the MCP server refuses the call or the tool reports a failure.
            """)
    @Argument(help: "URL of the MCP server.") var url: String
    @Argument(help: "Name of the tool.") var tool: String
    @Argument(help: "Arguments of the tool, a JSON object.") var arguments = "{}"
    @Option(help: "Scopes to request, separated by spaces; those that the MCP server demands if omitted.")
    var scope: String?
    @Option(
        help:
            "Client ID: the URL of a metadata document or a registered ID, with the redirect http://127.0.0.1/callback."
    )
    var clientID: String?
    @Option(help: "PEM file with a CA to trust besides those of the system (repeatable).") var trust: [String] = []
    @Option(help: "Protocol to speak; the newer one that the MCP server knows if omitted.") var version:
        ProtocolVersion?
    @Flag(help: "Print links instead of opening them.") var printLinks = false
    @Flag(help: "Open links that the tool sends without a question.") var yes = false
    @Flag(help: "Print the whole result as JSON.") var json = false

    func validate() throws {
        try ExclusiveOptions([("--print-links", printLinks), ("--yes", yes)]).requireOne()
    }

    func run() async throws {
        guard let arguments = try? JSONObject(parsing: Array(arguments.utf8)) else {
            throw UsageError("The arguments must be a JSON object, such as '{\"name\": \"a\"}'.")
        }
        let client = OperatorClient(roots: try TrustRoots(additionalFiles: trust), patience: 15, connections: 4)
        defer { client.close() }
        do {
            try await call(arguments, by: client)
        } catch let failure as ClientFailure {
            throw CommandError(failure.description)
        }
    }

    private func call(_ arguments: JSONObject, by client: OperatorClient) async throws {
        let lookup = try ProtectedResourceLookup(url, by: client)
        let browser = Browser(isPrintOnly: printLinks, isTrusting: yes)
        let authorization = CallAuthorization(
            lookup: lookup, client: client, browser: browser, clientID: clientID, scope: scope)
        var caller = ToolCaller(MCPTransport(lookup, by: client), isHandshake: version == .handshake) { link in
            _ = try lookup.named(link.url)
            let reason = "The tool asks you to open a link. \(Terminal.sanitised(link.message))"
            return browser.offer(link.url, reason: reason) ? .accept : .decline
        }
        var scope: String?
        // Without a token, with one, and with one that has the scopes or the recent sign-in that the tool demands.
        for _ in 0..<3 {
            switch try await caller.call(tool, arguments) {
            case .result(let result): return try show(result)
            case .refused(let words): throw CommandError("The MCP server refused the call: \(words)")
            case .challenged(let status, let challenge):
                // RFC 9470: the token is accepted, and the sign-in behind it is too old.
                let isOldSignIn = challenge?["error"] == "insufficient_user_authentication"
                if status == 401, caller.transport.token != nil, !isOldSignIn {
                    throw CommandError(
                        "The MCP server does not accept its own authorization server's token: "
                            + "\(challenge?["error_description"] ?? challenge?["error"] ?? "no reason given"). Examine it with "
                            + "'gatehouse doctor --resource \(url)'.")
                }
                (caller.transport.token, scope) = try await authorization.token(for: challenge, besides: scope)
            }
        }
        throw CommandError(
            "The MCP server demands further scopes or a newer sign-in although the user approved what it demanded. Request "
                + "all scopes with --scope."
        )
    }

    private func show(_ result: JSONObject) throws {
        let report = CallReport(result: result)
        Terminal.print(json ? JSON.object(result).text : report.text)
        if report.isFailure { throw CommandError("The tool reports a failure.") }
    }
}

/// The two eras of MCP.
enum ProtocolVersion: String, ExpressibleByArgument, CaseIterable {
    case stateless = "2026-07-28"
    case handshake = "2025-11-25"
}
