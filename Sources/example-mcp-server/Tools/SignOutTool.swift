import JOSE
import ResourceServer

/// A tool by which a user revokes the session from within the conversation.
enum SignOutTool {
    static func signOut(_ sessions: Sessions) -> Tool {
        Tool(
            name: "sign_out", title: "Sign out",
            description: "Revokes this app's access to your files immediately. To continue, approve the access again.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: []
        ) { _, access, _ in
            guard let session = access.sessionID else { return .failure("This access token belongs to no session.") }
            do throws(ElicitationError) {
                try await sessions.revokeSession(session)
                return .text("Signed out: the session is revoked.")
            } catch {
                return .failure("Not signed out. \(error.description)")
            }
        }
    }
}
