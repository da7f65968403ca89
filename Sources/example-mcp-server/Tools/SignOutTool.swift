import JOSE
import ResourceServer

/// A tool by which a person gives back what they approved, from within the conversation.
extension Tool {
    static func signOut(_ sessions: Sessions) -> Tool {
        Tool(
            name: "sign_out", title: "Sign out",
            description: "Ends the access of this app to your files at once. To go on, you approve it anew.",
            inputSchema: ["type": "object", "properties": [:], "additionalProperties": false], scopes: []
        ) { _, access, _ in
            guard let session = access.sessionID else { return .failure("This access has no session that could end.") }
            do throws(ElicitationError) {
                try await sessions.endSession(session)
                return .text("Signed out: this access is over.")
            } catch {
                return .failure("Not signed out. \(error.description)")
            }
        }
    }
}
