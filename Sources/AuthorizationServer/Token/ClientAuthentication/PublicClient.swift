import OAuth

/// `none`: a public client sends its `client_id` only. PKCE and the secrecy of its tokens protect its sessions.
/// Spec: OAuth 2.1 §2.4
enum PublicClient: ClientAuthenticator {
    static func prove(_ presented: PresentedClient, _ credential: RegisteredCredential) -> ClientProof {
        guard case .none = presented, case .nothing = credential else { return .refused("no proof") }
        return .proven
    }
}
