import JOSE
import ResourceServer

/// A tool that uses the user's account at a third party.
enum PullRequestTool {
    static func listPullRequests(_ upstream: Upstream, _ elicitations: Elicitations) -> Tool {
        Tool(
            name: "list_pull_requests", title: "List pull requests",
            description: "Lists your pull requests after you connect your account.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: []
        ) { _, access, _ in
            do throws(ElicitationError) {
                // The result of the elicitation does not matter: only whether the account is connected now.
                return await upstream.pullRequests(by: try await elicitations.token(of: upstream.provider, for: access))
            } catch {
                guard error.kind == .notConnected else {
                    return .failure("Your account cannot be used at the moment. \(error.description)")
                }
                return connection(to: upstream.provider)
            }
        }
    }

    private static func connection(to provider: String) -> Tool.Outcome {
        guard
            let request = try? ElicitationRequest.connect(
                provider: provider, message: "Connect your account to list your pull requests.")
        else { return .failure("The request to connect an account could not be created.") }
        return .asks(request)
    }
}
