import JOSE
import ResourceServer

/// A tool that acts with its person's account at a third party.
extension Tool {
    static func listPullRequests(_ upstream: Upstream, _ elicitations: Elicitations) -> Tool {
        Tool(
            name: "list_pull_requests", title: "List pull requests",
            description: "Lists your pull requests, after you have connected your account.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: []
        ) { _, access, _ in
            do throws(ElicitationError) {
                // What the person did is not looked at: that the account is connected now is what counts.
                return await upstream.pullRequests(by: try await elicitations.token(of: upstream.provider, for: access))
            } catch {
                guard error.kind == .notConnected else {
                    return .failure("Your account cannot be used at the moment. \(error.description)")
                }
                return connection(to: upstream.provider)
            }
        }
    }

    private static func connection(to provider: String) -> Outcome {
        guard
            let request = try? ElicitationRequest.connect(
                provider: provider, message: "Connect your account to list your pull requests.")
        else { return .failure("The account cannot be asked for.") }
        return .asks(request)
    }
}
