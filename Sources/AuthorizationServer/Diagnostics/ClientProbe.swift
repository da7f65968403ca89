package import Logging
import OAuth
package import Outbound
package import Storage

/// Tries a client's metadata document as an authorization would, by the same fetcher, the same rules and the same reader, and
/// keeps nothing of it.
package struct ClientProbe: Sendable {
    private let directory: ClientDirectory
    private let store: Store
    private let settings: Settings

    /// A trial with a fetcher of its own, so that it uses up nothing of what strangers may fetch.
    package init(store: Store, fetcher: DocumentFetcher, settings: Settings, log: Logger) {
        directory = ClientDirectory(store: store, fetcher: fetcher, settings: settings.clients, log: log)
        self.store = store
        self.settings = settings
    }

    /// From now on by this policy.
    package func follow(_ policy: FetchPolicy) { directory.fetcher.follow(policy) }

    /// What would become of a client with this id, check by check, and what it will do here.
    func run(_ text: String, now: Timestamp) async throws -> [Finding] {
        let id = try Self.id(text)
        switch await record(of: id) {
        case .failure(let error):
            return [Finding("allowed", .problem, try await refusal(of: id, error))]
        case .success(.registered(let client)):
            let known = Finding(
                "allowed", .ok, "An administrator registered this id; its metadata document is not read.")
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

    /// What the person is told, and which of the operator's decisions it was.
    private func refusal(of id: ClientID, _ error: OAuthError) async throws -> String {
        let (rule, block) = try await store.read { transaction in
            (try transaction.rule(ofDocument: id), try transaction.clientRules.block(client: id, host: id.documentHost))
        }
        if let name = block?.target.name {
            return
                "\(error.description) It is a block; 'gatehouse clients allow' or 'clients rules remove' with the name "
                + "\(ShellWord.quoted(name)) lifts it."
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
                return "An administrator's rule lets this client in, whatever the configuration's lists say."
            }
            if try transaction.clientRules.host(host) == .allow {
                return "An administrator's rule lets the clients of \(host) in."
            }
            return "The configuration lets the clients of \(host) in, and no rule keeps this one out."
        }
    }

    private func fetch(_ id: ClientID, _ kept: CachedDocument?, now: Timestamp) async throws -> [Finding] {
        let started = ContinuousClock.now
        let fetched: FetchedDocument
        do {
            fetched = try await directory.fetcher.fetch(id.string)
        } catch {
            let words = "It could not be had: \(error.reason). \(error.reason.advice)\(error.reason.pin(id))"
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
            fetched.lifetime.map { "it says that it is good for \($0) s" } ?? "it does not say for how long it is good"
        return "\(own), and is kept for \(directory.lifetime(of: fetched)) s here"
    }

    private func certificate(_ fetched: FetchedDocument, now: Timestamp) -> [Finding] {
        guard let certificate = fetched.certificate else { return [] }
        let days = (certificate.validity.upperBound - now.seconds) / 86_400
        let names = certificate.names.prefix(4).joined(separator: ", ")
        return [
            Finding(
                "certificate", days < 7 ? .warning : .ok,
                "Good for \(names), for \(days) more days\(days < 7 ? "; its host has to renew it." : ".")")
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
                    "It differs from what was fetched at \(kept?.fetchedAt.rfc3339 ?? "-") in what an approval rests on; "
                        + "the next consent page says so."))
        }
        let passedOver = IgnoredMetadata(id, fetched.body, document.metadata).findings
        return findings + passedOver + (try await future(of: Client(id, document), now: now))
    }

    private func future(of client: Client, now: Timestamp) async throws -> [Finding] {
        let prospects = ClientAssessment(client: client, settings: settings)
        return try await store.read { transaction in
            let closed = try client.host.map { try transaction.resources.closed(toClientsOn: $0) } ?? []
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
        case .identity: "It names its own URL as client_id."
        case .secrets: "It holds no secret and no private key."
        case .name: "It has a name that can be shown."
        case .redirects: "At least one of its redirect URIs can be used."
        case .method: "It can authenticate in a way that is served here."
        case .rest: "Its grants, scopes and links can be read."
        }
    }
}

extension OutboundFailure {
    /// What somebody can do about it.
    fileprivate var advice: String {
        switch self {
        case .unacceptableURL: "Use the URL exactly as the client sends it."
        case .hostNotAllowed: "'gatehouse clients allow HOST' lets the host in."
        case .rulesUnavailable: "Look at 'gatehouse db check'."
        case .overBudget, .busy: "Try again in a minute."
        case .unresolvable, .unreachable, .deadline, .interrupted:
            "See whether the host can be reached from this machine: 'curl -sv URL'."
        case .refusedAddress:
            "A host of your own is let through by clients.metadata_documents.private_hosts, as host:port."
        case .untrusted: "A certificate of your own authority needs outbound.trust; any other its host has to mend."
        case .oversized: "Its maker has to shorten it, or raise clients.metadata_documents.max_size."
        case .status: "Its maker has to serve it at this URL with status 200 and without a redirect."
        case .mediaType: "Its maker has to serve it as application/json, without compression."
        case .malformed, .unwritable: "Its host has to speak plain HTTP/1.1."
        }
    }

    /// How a client is let in whose document its host keeps from servers while people can read it; empty where that is not it.
    fileprivate func pin(_ id: ClientID) -> String {
        let isTurnedAway =
            switch self {
            case .status(401), .status(403), .status(429), .unreachable, .deadline, .interrupted, .mediaType: true
            default: false
            }
        guard isTurnedAway else { return "" }
        return
            " If the host turns servers away, pin the client: read the document in a browser, and register what it says: "
            + "\(ManualRegistration(id: id, redirects: [])) --redirect-uri URI"
    }
}
