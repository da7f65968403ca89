import JOSE
import Outbound
import ResourceServer

/// A third party's API that lists the pull requests of the user of an access token.
struct Upstream: Sendable {
    private static let mostLines = 50
    private static let longestTitle = 200

    /// The name of the provider at the authorization server.
    let provider: String
    private let address: RemoteURL
    private let client: OperatorClient

    /// `address` answers a GET with a JSON array of objects with `number` and `title`.
    init(address: String, provider: String, trust: [String]) throws(UsageError) {
        do {
            self.address = try RemoteURL(operator: address)
            client = OperatorClient(roots: try TrustRoots(additionalFiles: trust), patience: 20, connections: 8)
        } catch {
            throw UsageError("--upstream \(address) cannot be used: \(error)")
        }
        self.provider = provider
    }

    /// The pull requests of the token's user, for a model to read.
    func pullRequests(by token: ProviderToken) async -> Tool.Outcome {
        let response: OutboundResponse
        do throws(OutboundFailure) {
            response = try await client.get(
                address, fields: [("Authorization", "Bearer " + token.reveal()), ("Accept", "application/json")])
        } catch {
            return .failure("\(address.origin) could not be reached: \(error)")
        }
        guard response.status == 200 else { return .failure("\(address.origin) answered \(response.status).") }
        guard let list = try? JSON.parse(response.body).array else {
            return .failure("\(address.origin) returned no list of pull requests.")
        }
        let lines = list.prefix(Self.mostLines).compactMap { entry -> String? in
            guard let number = entry.object?["number"]?.integer, let title = entry.object?["title"]?.string else {
                return nil
            }
            return "#\(number) \(title.prefix(Self.longestTitle))"
        }
        return .text(lines.isEmpty ? "No pull requests found." : lines.joined(separator: "\n"))
    }
}
