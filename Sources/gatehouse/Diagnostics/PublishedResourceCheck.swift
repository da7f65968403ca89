import AuthorizationServer
import MCPClient
import OAuth
import Outbound
import Storage

/// Compares what an MCP server publishes with what is registered here.
struct PublishedResourceCheck {
    let probe: ResourceProbe
    /// The URL that clients use.
    let identifier: ResourceIdentifier
    let registered: Resource?
    let issuer: Issuer

    var findings: [Finding] {
        switch probe.answer {
        case .failure(let failure): [unreachable(failure)]
        case .success(let answer): [challenge(answer)] + certificate(answer) + clock(answer) + metadata
        }
    }

    private func unreachable(_ failure: OutboundFailure) -> Finding {
        let advice =
            switch failure {
            case .untrusted: "Replace its certificate, or add its authority to outbound.trust."
            case .refusedAddress, .unacceptableURL: "Plain http works on this machine only; use https."
            case .unresolvable: "Correct the name, or add it to DNS."
            default: "Start the MCP server, or correct host and port."
            }
        return Finding("reachable", .problem, "This machine cannot reach \(identifier): \(failure). \(advice)")
    }

    // MARK: The refusal without a token

    private func challenge(_ answer: OutboundResponse) -> Finding {
        switch answer.status {
        case 401: return refusal
        case 200...299:
            return Finding(
                "challenge", .problem,
                "It answers a request without a token with status \(answer.status), so that everybody may use it. Let it "
                    + "refuse such a request with 401.")
        case 300...399:
            let target = answer.values(of: "location").first.map { " to \($0)" } ?? ""
            return Finding(
                "challenge", .problem,
                "It redirects\(target) with status \(answer.status), and clients do not follow. Use the URL at which it "
                    + "answers itself, everywhere.")
        case 404, 405:
            return Finding(
                "challenge", .problem,
                "It answers with status \(answer.status): no MCP endpoint is at this URL. Correct the path.")
        default:
            return Finding(
                "challenge", .problem,
                "It answers a request without a token with status \(answer.status) instead of 401, so that no client begins "
                    + "to sign in. Check the token before everything else.")
        }
    }

    private var refusal: Finding {
        guard let challenge = probe.challenge else {
            return Finding(
                "challenge", .warning,
                "Its 401 has no 'WWW-Authenticate: Bearer' challenge, and some clients then do not begin to sign in. Add one "
                    + "with resource_metadata.")
        }
        guard let place = challenge["resource_metadata"] else {
            return Finding(
                "challenge", .warning,
                "Its challenge names no resource_metadata, so that clients must guess where the metadata is. Add it.")
        }
        return Finding("challenge", .ok, "Without a token it answers 401, and names its metadata: \(place)")
    }

    private func certificate(_ answer: OutboundResponse) -> [Finding] {
        guard let certificate = answer.certificate else { return [] }
        let days = (certificate.validity.upperBound - probe.at.seconds) / 86_400
        return [
            Finding(
                "certificate", days < 7 ? .warning : .ok,
                "Its certificate is valid for \(Sentence.count(days, "more day"))\(days < 7 ? "; renew it." : ".")")
        ]
    }

    private func clock(_ answer: OutboundResponse) -> [Finding] {
        guard let date = answer.values(of: "date").first.flatMap(HTTPDate.init) else { return [] }
        let difference = date.time - probe.at
        guard abs(difference) > Self.tolerance else {
            return [Finding("clock", .ok, "Its clock and this machine's agree.")]
        }
        let words = difference > 0 ? "ahead of" : "behind"
        return [
            Finding(
                "clock", .problem,
                "Its clock is \(abs(difference)) s \(words) this machine's, so that it may refuse valid tokens and accept "
                    + "expired ones. Synchronise both clocks (NTP).")
        ]
    }

    /// The tolerated difference between two clocks in seconds; a response takes a while, and its date has no fractions.
    private static let tolerance: Int64 = 10

    // MARK: The metadata

    private var metadata: [Finding] {
        switch probe.metadata {
        case .failure(let failure): [Finding("metadata", .problem, "\(failure)")]
        case .success(let metadata):
            [resource(metadata), authorizationServer(metadata)] + scopes(metadata) + header(metadata)
        }
    }

    private func resource(_ metadata: ProtectedResourceMetadata) -> Finding {
        let expected = registered?.identifier.string ?? identifier.string
        guard metadata.resource != expected else {
            guard metadata.resource != identifier.string else {
                return Finding("resource", .ok, "Its metadata names \(expected).")
            }
            return Finding(
                "resource", .problem,
                "Its metadata names \(expected), and clients that use \(identifier) refuse it. Give clients the former URL."
            )
        }
        let difference = (try? ResourceIdentifier(metadata.resource)).flatMap { published in
            (try? ResourceIdentifier(expected)).flatMap { ResourceNearMiss(published, registered: $0)?.difference }
        }
        return Finding(
            "resource", .problem,
            "Its metadata names \(metadata.resource), but \(expected) is \(registered == nil ? "its URL" : "registered"): "
                + "they differ\(difference.map { " by \($0)" } ?? ""). Use one spelling in both places.")
    }

    private func authorizationServer(_ metadata: ProtectedResourceMetadata) -> Finding {
        let named = metadata.authorizationServers
        if named.first == issuer.string {
            return Finding("authorization server", .ok, "Its metadata names this issuer, \(issuer).")
        }
        if named.contains(issuer.string) {
            return Finding(
                "authorization server", .warning,
                "Its metadata names \(issuer) behind \(named[0]), and most clients use the first one. Change the order."
            )
        }
        guard let first = named.first else {
            return Finding(
                "authorization server", .problem,
                "Its metadata names no authorization server. Set authorization_servers to [\"\(issuer)\"].")
        }
        let near = named.lazy.compactMap(difference).first
        return Finding(
            "authorization server", .problem,
            "Its metadata names \(first), but this issuer is \(issuer): they differ\(near.map { " by \($0)" } ?? ""). Clients "
                + "compare them character by character; correct authorization_servers.")
    }

    /// How a name of an authorization server differs from this issuer, in words; nil for another one.
    private func difference(_ name: String) -> String? {
        // As resources, these two would match.
        if name == issuer.string + "/" { return "a slash at the end" }
        if name.lowercased() == issuer.string.lowercased() { return "upper and lower case" }
        guard let named = try? ResourceIdentifier(name), let own = try? ResourceIdentifier(issuer.string) else {
            return nil
        }
        return ResourceNearMiss(named, registered: own)?.difference
    }

    private func scopes(_ metadata: ProtectedResourceMetadata) -> [Finding] {
        guard let registered else { return [] }
        let known = Set(registered.scopes.map(\.scope.string))
        let challenged = probe.challenge?["scope"]?.split(separator: " ").map(String.init) ?? []
        let published = metadata.scopesSupported
        var findings: [Finding] = []
        let strange = Set(published + challenged).subtracting(known + [Scope.offlineAccess.string]).sorted()
        if !strange.isEmpty {
            findings.append(
                Finding(
                    "scopes", .problem,
                    "It asks for \(strange.joined(separator: ", ")), which \(strange.count == 1 ? "is" : "are") not registered, "
                        + "so that no client gets them. Register it again with them ('gatehouse resources remove', then 'add'), or "
                        + "take them out of the MCP server."))
        }
        let silent = registered.scopes.filter { !$0.onRequest && !published.contains($0.scope.string) }
            .map(\.scope.string)
        if !silent.isEmpty {
            findings.append(
                Finding(
                    "scopes", .warning,
                    "Its metadata does not list \(silent.joined(separator: ", ")), so that clients do not ask for what is "
                        + "registered. Add to scopes_supported what clients need from the start."))
        }
        let ok = Finding("scopes", .ok, "Its scopes are those that are registered.")
        return findings.isEmpty ? [ok] : findings
    }

    private func header(_ metadata: ProtectedResourceMetadata) -> [Finding] {
        guard !metadata.bearerMethods.isEmpty, !metadata.bearerMethods.contains("header") else { return [] }
        return [
            Finding(
                "metadata", .problem,
                "Its bearer_methods_supported lacks 'header', the only way in which MCP clients send tokens. Add it.")
        ]
    }
}
