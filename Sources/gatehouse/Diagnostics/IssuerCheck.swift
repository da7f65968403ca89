import AuthorizationServer
import JOSE
import OAuth
import Outbound
import Web

/// One call of this server's own metadata, at the address that clients use.
struct IssuerProbe: Sendable {
    let issuer: Issuer?
    let address: String
    let answer: Result<OutboundResponse, any Error>
    /// What the server saw of the call.
    let sight: ProxyWitness.Observation?

    init(_ configuration: ServerConfiguration, witness: ProxyWitness?) async {
        let trace = TraceID.random()
        issuer = try? Issuer(configuration.issuer)
        address =
            issuer.map { $0.origin + (AuthorizationServerMetadata.paths(for: $0, atRoot: false).first ?? "") } ?? ""
        witness?.watch(for: trace)
        do {
            let client = OperatorClient(
                roots: try TrustRoots(additionalFiles: configuration.trust), patience: 5, connections: 1)
            defer { client.close() }
            let parent = "00-\(trace)-\(TraceID.random().string.prefix(16))-01"
            answer = .success(
                try await client.get(
                    RemoteURL(operator: address), fields: [("Accept", "application/json"), ("traceparent", parent)]))
        } catch {
            answer = .failure(error)
        }
        sight = witness?.seen(trace)
    }
}

/// Whether the issuer is where it says it is.
struct IssuerCheck {
    private let configuration: ServerConfiguration
    private let visit: IssuerProbe
    private let isServed: Bool

    init(_ configuration: ServerConfiguration, _ visit: IssuerProbe, isServed: Bool) {
        self.configuration = configuration
        self.visit = visit
        self.isServed = isServed
    }

    var findings: [Finding] { [form, reach] }

    private var form: Finding {
        visit.issuer?.isHTTPS ?? false
            ? Finding("issuer", .ok, "\(configuration.issuer) is an https URL.")
            : Finding(
                "issuer", .warning,
                "\(configuration.issuer) is for this machine alone; others need an https:// issuer, by tls.certificate or a "
                    + "proxy.")
    }

    private var reach: Finding {
        switch visit.answer {
        case .failure(let error): unreached(error)
        case .success(let answer): answered(answer)
        }
    }

    private func unreached(_ error: any Error) -> Finding {
        guard isServed else {
            return Finding("reachable", .warning, "Nobody answers at \(visit.address), where no server runs.")
        }
        let failure = error as? OutboundFailure
        return Finding(
            "reachable", .problem,
            "\(visit.address) cannot be called from this machine: \(ErrorText.of(error)). "
                + (failure.map(advice) ?? "See what stands in the way."))
    }

    private func answered(_ answer: OutboundResponse) -> Finding {
        guard answer.status == 200 else {
            return Finding(
                "reachable", .problem,
                "\(visit.address) answers with status \(answer.status): the request has to come here with its path and its "
                    + "Host unchanged; look at the proxy.")
        }
        let named = (try? JSONObject(parsing: answer.body))?["issuer"]?.string
        guard named == configuration.issuer else {
            let other = named.map { "the issuer \(Terminal.sanitised(String($0.prefix(200))))" } ?? "no issuer"
            return Finding(
                "reachable", .problem,
                "\(visit.address) names \(other), so another server answers there; correct 'issuer' or the way to it.")
        }
        guard !isServed || visit.sight != nil else {
            return Finding(
                "reachable", .warning,
                "\(visit.address) names this issuer, but this server did not see the request: a cache answers, or another "
                    + "server of the same name.")
        }
        return Finding("reachable", .ok, "\(visit.address) answers, and names this issuer.")
    }

    private func advice(_ failure: OutboundFailure) -> String {
        switch failure {
        case .unresolvable: "Give its name an address in DNS, or in this machine's hosts file."
        case .untrusted where configuration.tls == nil:
            "Gatehouse speaks no TLS here (tls.certificate is not set): look at the certificate of the proxy in front, or name "
                + "its authority in outbound.trust; without a proxy, set tls.certificate and tls.key."
        case .untrusted: "Replace the certificate in tls.certificate, or name its authority in outbound.trust."
        case .unreachable, .deadline, .interrupted:
            "Start the proxy, open the port, or give the name a private address in this machine's hosts file."
        case .refusedAddress: "Plain http is for loopback; the name has to lead to this machine."
        default: "Look at what listens there."
        }
    }
}
