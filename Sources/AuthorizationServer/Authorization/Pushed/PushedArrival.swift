import JOSE
import OAuth
import Storage

/// The request that the authorization endpoint was asked for.
enum ArrivedRequest: Sendable {
    /// A request to check.
    case draft(AuthorizationDraft)
    /// The client's pushed request, which this user took up before in this browser.
    case again(ClientID, InteractionID)
}

extension AuthorizeEndpoint {
    /// Reads the request in `text`, or loads the pushed request that `text` refers to.
    ///
    /// Beside a reference only `client_id` counts: whoever hands a link to the browser could add any other parameter.
    /// Spec: RFC 9126 §4
    func arrived(_ text: String, _ person: SignedIn?, now: Timestamp) async throws -> ArrivedRequest {
        let parameters = try AuthorizationDraft.parameters(text)
        guard let uri = try parameters.value(.requestURI), PushedRequestURIUse.isReference(uri) else {
            return .draft(try AuthorizationDraft(text, parameters))
        }
        let client = try Self.client(parameters)
        guard let digest = PushedRequestURI(uri)?.digest else { throw Self.unknownURI.asked(by: client.string) }
        switch try await store.read({ try $0.pushedRequests.find(digest, of: client, now: now) }) {
        case .open(let query): return .draft(try AuthorizationDraft(query, arrival: .pushed(digest)))
        case .used(let interaction):
            guard try await isOpen(interaction, for: person) else { throw Self.usedURI.asked(by: client.string) }
            return .again(client, interaction)
        case nil: throw Self.unknownURI.asked(by: client.string)
        }
    }

    private static func client(_ parameters: Parameters) throws(OAuthError) -> ClientID {
        let text = try parameters.required(.clientID)
        do {
            return try ClientID(text)
        } catch {
            throw OAuthError(.invalidRequest, error)
        }
    }

    /// Whether the interaction waits for this user in this browser: the user reloads the page, and nothing is used twice.
    private func isOpen(_ id: InteractionID, for person: SignedIn?) async throws -> Bool {
        guard let person else { return false }
        return try await store.read { try $0.interactions.find(id)?.belongs(to: person) ?? false }
    }

    /// Stores the interaction of a checked request, and uses the `request_uri` of a pushed one in the same transaction. Returns the
    /// interaction to show, which is the earlier one if this user submitted the same sign-in page twice.
    func open(
        _ interaction: Interaction, of draft: AuthorizationDraft, for person: SignedIn, now: Timestamp
    ) async throws -> InteractionID {
        let shown = try await store.write { transaction -> InteractionID? in
            let earlier = try use(draft, for: interaction.id, in: transaction, now: now)
            if let earlier {
                return try transaction.interactions.follow(earlier, to: person.login, now: now) ? earlier : nil
            }
            try transaction.interactions.open(interaction)
            return interaction.id
        }
        guard let shown else { throw Self.usedURI }
        return shown
    }

    /// Uses the `request_uri` of a pushed request for an interaction; nil on success and for a direct request, else the interaction
    /// that has it. Another account takes the place of the one that had it, once.
    private func use(
        _ draft: AuthorizationDraft, for id: InteractionID, in transaction: Transaction, now: Timestamp
    ) throws -> InteractionID? {
        switch draft.arrival {
        case .direct: return nil
        case .pushed(let digest):
            return try transaction.pushedRequests.use(
                digest, of: draft.asker.clientID, for: id, until: now + InteractionSeal.maximumAge)
        case .used(let digest, let earlier):
            // The sign-in of another account ends the login of the first, and its interaction with it: absent is as good as waiting.
            if let found = try transaction.interactions.find(earlier), found.state != .pending { return earlier }
            guard try transaction.pushedRequests.move(digest, from: earlier, to: id) else {
                return try transaction.pushedRequests.user(of: digest) ?? earlier
            }
            try transaction.interactions.withdraw(earlier)
            return nil
        }
    }

    private static let unknownURI = OAuthError(
        .invalidRequestURI, "The app's request is unknown or has expired.",
        reason: "the request_uri is unknown, expired, or another client's")
    private static let usedURI = OAuthError(
        .invalidRequestURI, "The app's request has already been used.", reason: "the request_uri is used")
}
