package import Logging
import OAuth
package import Outbound
package import Storage

/// Tests a client's metadata document as an authorization would, by the same fetcher, the same rules and the same reader. It
/// stores nothing.
package struct ClientProbe: Sendable {
    private let directory: ClientDirectory
    private let store: Store
    private let settings: Settings

    /// A probe with a fetcher of its own, so that its fetches do not count against the limits for strangers.
    package init(store: Store, fetcher: DocumentFetcher, settings: Settings, log: Logger) {
        directory = ClientDirectory(store: store, fetcher: fetcher, settings: settings.clients, log: log)
        self.store = store
        self.settings = settings
    }

    /// Uses this policy from now on.
    package func follow(_ policy: FetchPolicy) { directory.fetcher.follow(policy) }

    /// Tests the client with this id, and returns the result of each check and a forecast of what the client can do here.
    func run(_ text: String, now: Timestamp) async throws -> [Finding] {
        let id = try Self.id(text)
        switch await record(of: id) {
        case .failure(let error):
            return [Finding("allowed", .problem, try await refusal(of: id, error))]
        case .success(.registered(let client)):
            let known = Finding(
                "allowed", .ok, "An administrator registered this id, so its metadata document is not used.")
            return [known] + (try await future(of: client, now: now))
        case .success(.document(let kept)):
            let allowed = Finding("allowed", .ok, try await permission(id))
            return [allowed] + (try await fetch(id, kept, now: now))
        }
    }

    private static func id(_ text: String) throws(AdministrationError) -> ClientID {
        let id: ClientID
        do {
            id = try ClientID(text)
        } catch {
            throw AdministrationError(.invalid, error.sentence)
        }
        guard id.isDocument else {
            throw AdministrationError(
                .invalid,
                "'\(text.prefix(100))' is not the https:// URL of a metadata document; "
                    + "'gatehouse clients show' describes a registered client.")
        }
        return id
    }

    private func record(of id: ClientID) async -> Result<ClientDirectory.Record, OAuthError> {
        do {
            return .success(try await store.read { try directory.record(of: id, in: $0) })
        } catch {
            return .failure(
                error as? OAuthError
                    ?? OAuthError(.serverError, "The database does not answer: \(ErrorText.of(error))."))
        }
    }

    /// The sentence that the user reads, and the operator's decision behind it.
    private func refusal(of id: ClientID, _ error: OAuthError) async throws -> String {
        let (rule, block) = try await store.read { transaction in
            (try transaction.rule(ofDocument: id), try transaction.clientRules.block(client: id, host: id.documentHost))
        }
        if let name = block?.target.name {
            return
                "\(error.description) A rule blocks it; remove the rule with 'gatehouse clients allow "
                + "\(ShellWord.quoted(name))' or 'gatehouse clients rules remove \(ShellWord.quoted(name))'."
        }
        guard let failure = directory.fetcher.refusal(of: id.string, rule: rule) else {
            return error.description
        }
        return "\(error.description) Nothing was fetched: \(failure). \(failure.advice)"
    }

    private func permission(_ id: ClientID) async throws -> String {
        let host = id.documentHost ?? ""
        return try await store.read { transaction in
            if try transaction.clientRules.find(id) == .allow {
                return "An administrator's rule admits this client, whatever the configuration's lists say."
            }
            if try transaction.clientRules.host(host) == .allow {
                return "An administrator's rule admits the clients of \(host)."
            }
            return "The configuration admits the clients of \(host), and no rule blocks this one."
        }
    }

    private func fetch(_ id: ClientID, _ kept: CachedDocument?, now: Timestamp) async throws -> [Finding] {
        let started = ContinuousClock.now
        let fetched: FetchedDocument
        do {
            fetched = try await directory.fetcher.fetch(id.string)
        } catch {
            let words = "Fetching failed: \(error.reason). \(error.reason.advice)\(error.reason.pin(id))"
            return [Finding("fetched", .problem, words)]
        }
        let took = Int64((ContinuousClock.now - started) / .milliseconds(1))
        let arrival = [
            Finding(
                "fetched", .ok,
                "Status 200 from \(id.documentHost ?? "")\(fetched.address.map { " (\($0))" } ?? ""), "
                    + "\(fetched.body.count) bytes in \(took) ms; \(lifetime(fetched)).")
        ]
        return arrival + certificate(fetched, now: now) + (try await judge(id, fetched, kept, now: now))
    }

    private func lifetime(_ fetched: FetchedDocument) -> String {
        let own =
            fetched.lifetime.map { "it states a lifetime of \($0) s" } ?? "it states no lifetime"
        return "\(own), and is cached for \(directory.lifetime(of: fetched)) s here"
    }

    private func certificate(_ fetched: FetchedDocument, now: Timestamp) -> [Finding] {
        guard let certificate = fetched.certificate else { return [] }
        let days = (certificate.validity.upperBound - now.seconds) / 86_400
        let names = certificate.names.prefix(4).joined(separator: ", ")
        return [
            Finding(
                "certificate", days < 7 ? .warning : .ok,
                "Valid for \(names), for \(days) more days\(days < 7 ? "; its host must renew it." : ".")")
        ]
    }

    private func judge(
        _ id: ClientID, _ fetched: FetchedDocument, _ kept: CachedDocument?, now: Timestamp
    ) async throws -> [Finding] {
        var findings: [Finding] = []
        let document: ClientMetadataDocument
        do {
            document = try ClientMetadataDocument.parse(fetched.body, expected: id) { check in
                findings.append(Finding(check.rawValue, .ok, check.sentence))
            }
        } catch {
            let next = MetadataCheck.allCases.first { check in !findings.contains { $0.check == check.rawValue } }
            return findings + [Finding(next?.rawValue ?? "document", .problem, error.description)]
        }
        let before = kept.flatMap { try? ClientMetadataDocument.parse($0.bytes, expected: id) }
        if let before, before.securityDigest != document.securityDigest {
            findings.append(
                Finding(
                    "changed", .warning,
                    "It differs from the document that was fetched at \(kept?.fetchedAt.rfc3339 ?? "-") in members that an "
                        + "approval rests on; the next consent page says so."))
        }
        let passedOver = IgnoredMetadata(id, fetched.body, document.metadata).findings
        return findings + passedOver + (try await future(of: Client(id, document, readAt: now), now: now))
    }

    private func future(of client: Client, now: Timestamp) async throws -> [Finding] {
        let prospects = ClientAssessment(client: client, settings: settings)
        return try await store.read { transaction in
            let closed = try client.origin.excluding(in: transaction)
            let sessions = try transaction.sessionReports.newestLive(
                SessionFilter(client: client.id), limit: ClientAssessment.mostSessions, now: now)
            return prospects.findings(
                resources: try transaction.resources.list().filter { !closed.contains($0.id) },
                liveSessions: sessions.count)
        }
    }
}

extension MetadataCheck {
    fileprivate var sentence: String {
        switch self {
        case .json: "The document is strict JSON."
        case .identity: "Its client_id is its own URL."
        case .secrets: "It holds no secret and no private key."
        case .name: "Its name can be displayed."
        case .redirects: "At least one of its redirect URIs can be used."
        case .method: "It supports an authentication method of this server."
        case .rest: "Its grants, scopes and links can be read."
        }
    }
}

extension OutboundFailure {
    /// The step that an operator can take.
    fileprivate var advice: String {
        switch self {
        case .unacceptableURL: "Use the URL exactly as the client sends it."
        case .hostNotAllowed: "Admit the host with 'gatehouse clients allow HOST'."
        case .rulesUnavailable: "Check the database with 'gatehouse db check'."
        case .overBudget, .busy: "Try again in a minute."
        case .unresolvable, .unreachable, .deadline, .interrupted:
            "Test whether this machine reaches the host: 'curl -sv URL'."
        case .refusedAddress:
            "For a host of your own, add host:port to clients.metadata_documents.private_hosts."
        case .untrusted:
            "For an authority of your own, set outbound.trust; otherwise the host must fix its certificate."
        case .oversized: "Its developer must shorten it, or raise clients.metadata_documents.max_size."
        case .status: "Its developer must serve it at this URL with status 200 and without a redirect."
        case .mediaType: "Its developer must serve it as application/json, without compression."
        case .malformed, .unwritable: "Its host must speak plain HTTP/1.1."
        }
    }

    /// How to register a client whose host refuses its document to servers but not to browsers; empty for any other failure.
    fileprivate func pin(_ id: ClientID) -> String {
        let isTurnedAway =
            switch self {
            case .status(401), .status(403), .status(429), .unreachable, .deadline, .interrupted, .mediaType: true
            case .status, .unacceptableURL, .hostNotAllowed, .rulesUnavailable, .overBudget, .busy, .unresolvable,
                .refusedAddress, .untrusted, .oversized, .unwritable, .malformed:
                false
            }
        guard isTurnedAway else { return "" }
        return
            " If the host refuses servers only, read the document in a browser, and register the client by hand: "
            + "\(ManualRegistration(id: id, redirects: [])) --redirect-uri URI"
    }
}
