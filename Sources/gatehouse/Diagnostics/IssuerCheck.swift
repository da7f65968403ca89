import AuthorizationServer
import JOSE
import OAuth
import Outbound
import Web

/// One request for this server's own metadata, at the address that clients use.
struct IssuerProbe: Sendable {
    let issuer: Issuer?
    let address: String
    let answer: Result<OutboundResponse, any Error>
    /// How the request arrived at the server; nil if it did not.
    let observation: ProxyWitness.Observation?

    init(_ configuration: ServerConfiguration, witness: ProxyWitness?) async {
        let trace = TraceID.random()
        issuer = try? Issuer(configuration.issuer)
        address =
            issuer.map { $0.origin + (AuthorizationServerMetadata.paths(for: $0, atRoot: false).first ?? "") } ?? ""
        witness?.expect(trace)
        do {
            let client = OperatorClient(
                roots: try TrustRoots(additionalFiles: configuration.outboundTrust), patience: 5, connections: 1)
            defer { client.close() }
            let parent = "00-\(trace)-\(TraceID.random().string.prefix(16))-01"
            answer = .success(
                try await client.get(
                    RemoteURL(operator: address), fields: [("Accept", "application/json"), ("traceparent", parent)]))
        } catch {
            answer = .failure(error)
        }
        observation = witness?.takeObservation(of: trace)
    }
}

/// Checks that the issuer is an https URL and that its metadata comes from this server.
struct IssuerCheck {
    private let configuration: ServerConfiguration
    private let probe: IssuerProbe
    private let isServed: Bool

    init(_ configuration: ServerConfiguration, _ probe: IssuerProbe, isServed: Bool) {
        self.configuration = configuration
        self.probe = probe
        self.isServed = isServed
    }

    var findings: [Finding] { [scheme, reachability] }

    private var scheme: Finding {
        probe.issuer?.isHTTPS ?? false
            ? Finding("issuer", .ok, "\(configuration.issuer) is an https URL.")
            : Finding(
                "issuer", .warning,
                "\(configuration.issuer) works on this machine only. Other machines need an https:// issuer, with "
                    + "tls.certificate or a proxy.")
    }

    private var reachability: Finding {
        switch probe.answer {
        case .failure(let error): finding(for: error)
        case .success(let answer): finding(for: answer)
        }
    }

    private func finding(for error: any Error) -> Finding {
        guard isServed else {
            return Finding("reachable", .warning, "\(probe.address) does not answer; no server runs.")
        }
        let failure = error as? OutboundFailure
        return Finding(
            "reachable", .problem,
            "This machine cannot reach \(probe.address): \(ErrorText.of(error)). "
                + (failure.map(advice) ?? "Check the network between them."))
    }

    private func finding(for answer: OutboundResponse) -> Finding {
        guard answer.status == 200 else {
            return Finding(
                "reachable", .problem,
                "\(probe.address) answers with status \(answer.status). Check that the proxy forwards path and Host "
                    + "unchanged.")
        }
        let named = (try? JSONObject(parsing: answer.body))?["issuer"]?.string
        guard named == configuration.issuer else {
            let other = named.map { "the issuer \(Terminal.sanitised(String($0.prefix(200))))" } ?? "no issuer"
            return Finding(
                "reachable", .problem,
                "\(probe.address) names \(other): another server answers there. Correct 'issuer', or the route to this server."
            )
        }
        guard !isServed || probe.observation != nil else {
            return Finding(
                "reachable", .warning,
                "\(probe.address) names this issuer, but the request did not arrive at this server. A cache answers, or "
                    + "another server of the same name.")
        }
        return Finding("reachable", .ok, "\(probe.address) answers and names this issuer.")
    }

    private func advice(_ failure: OutboundFailure) -> String {
        switch failure {
        case .unresolvable: "Add the name to DNS or to this machine's hosts file."
        case .untrusted where configuration.tls == nil:
            "Gatehouse itself serves no TLS (tls.certificate is not set). Check the certificate of the proxy, or add its CA to "
                + "outbound.trust; without a proxy, set tls.certificate and tls.key."
        case .untrusted: "Replace the certificate in tls.certificate, or add its CA to outbound.trust."
        case .unreachable, .deadline, .interrupted:
            "Start the proxy, open the port, or add a private address for the name to this machine's hosts file."
        case .refusedAddress: "Plain http works on loopback only; the name must resolve to this machine."
        case .unacceptableURL, .hostNotAllowed, .rulesUnavailable, .overBudget, .busy, .oversized, .unwritable,
            .malformed, .status, .mediaType:
            "Check which program listens there."
        }
    }
}
