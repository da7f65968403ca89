import JOSE
import ResourceServer

/// A tool that needs a secret which neither the client nor the model may see.
enum KeyTool {
    private static let keySchema: JSON = [
        "type": "object", "required": ["api_key"],
        "properties": ["api_key": ["type": "string", "format": "password", "title": "API key", "maxLength": 200]],
    ]

    static func storeKey(_ cabinet: ServiceKeyStore, _ elicitations: Elicitations) -> Tool {
        Tool(
            name: "store_api_key", title: "Store an API key",
            description:
                "Stores your API key for another service. You enter it at the authorization server, never in the chat.",
            inputSchema: [
                "type": "object", "required": ["service"], "properties": ["service": ["type": "string"]],
            ],
            scopes: []
        ) { arguments, access, given in
            guard let service = arguments["service"]?.string, FileStore.isName(service) else {
                return .failure("Name the service with 1 to 64 letters, digits, dots, dashes and underscores.")
            }
            guard case .result(.content(let content)) = given else { return question(about: service) }
            guard let key = content.text("api_key") else { return .failure("The form contained no key.") }
            if let problem = await cabinet.keep(Secret(key), for: service, of: access.subject) {
                return .failure(problem)
            }
            // After this the authorization server erases its copy; if the call is lost, it does so after 15 minutes.
            try? await elicitations.acknowledge(content)
            return .text("Stored the key for \(service). Neither the app nor the model has seen it.")
        }
    }

    private static func question(about service: String) -> Tool.Outcome {
        guard
            let request = try? ElicitationRequest.secret(
                schema: keySchema.bytes, message: "Enter your API key for \(service).")
        else { return .failure("The request for the key could not be created.") }
        return .asks(request)
    }
}
