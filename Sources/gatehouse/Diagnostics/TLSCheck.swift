import AuthorizationServer
import OAuth
import Outbound
import Web

/// Whether the certificate holds, and for how long.
struct TLSCheck {
    /// Days before its end in which a certificate is worth a word.
    private static let notice: Int64 = 14

    private let configuration: ServerConfiguration
    private let visit: IssuerProbe
    private let now: Timestamp

    init(_ configuration: ServerConfiguration, _ visit: IssuerProbe, now: Timestamp) {
        self.configuration = configuration
        self.visit = visit
        self.now = now
    }

    var findings: [Finding] {
        if let tls = configuration.tls { return own(tls) + pair(tls) + keyFile(tls) }
        guard visit.issuer?.isHTTPS ?? false else { return [] }
        guard let certificate = presented else {
            return [Finding("certificate", .warning, "The certificate of the issuer could not be seen.")]
        }
        return [judge(certificate, at: "at the issuer")]
    }

    private var presented: PeerCertificate? { try? visit.answer.get().certificate }

    private func own(_ tls: ServerConfiguration.TLS) -> [Finding] {
        guard let certificate = PeerCertificate(file: tls.certificate) else {
            return [
                Finding("certificate", .problem, "\(tls.certificate) is not a readable PEM certificate; replace it.")
            ]
        }
        let held = judge(certificate, at: "in \(tls.certificate)")
        guard held.state == .ok, let presented, presented != certificate else { return [held] }
        return [
            Finding(
                "certificate", .warning,
                "\(tls.certificate) holds another certificate than the one that is served; send the server SIGHUP to use it."
            )
        ]
    }

    /// What `serve` would refuse; a certificate that cannot be read is named already.
    private func pair(_ tls: ServerConfiguration.TLS) -> [Finding] {
        guard PeerCertificate(file: tls.certificate) != nil, let fault = tls.files.fault else { return [] }
        return [Finding("certificate", .problem, fault)]
    }

    private func judge(_ certificate: PeerCertificate, at place: String) -> Finding {
        let days = (certificate.validity.upperBound - now.seconds) / 86_400
        let host = visit.issuer?.host ?? ""
        let holder = configuration.tls == nil ? " at the proxy in front" : ""
        if certificate.validity.upperBound <= now.seconds {
            return Finding("certificate", .problem, "The certificate \(place) is over; renew it\(holder).")
        }
        if certificate.validity.lowerBound > now.seconds {
            return Finding(
                "certificate", .problem, "The certificate \(place) begins later; look at the clock, or replace it.")
        }
        guard certificate.bears(host) || Self.isLiteral(host) else {
            return Finding(
                "certificate", .problem,
                "The certificate \(place) is for \(certificate.names.prefix(4).joined(separator: ", ")) and not for \(host)."
            )
        }
        return days < Self.notice
            ? Finding(
                "certificate", .warning, "The certificate \(place) holds for \(days) more days; renew it\(holder).")
            : Finding("certificate", .ok, "The certificate \(place) holds for \(days) more days.")
    }

    private static func isLiteral(_ host: String) -> Bool {
        host.hasPrefix("[") || CanonicalAddress(host) != nil
    }

    private func keyFile(_ tls: ServerConfiguration.TLS) -> [Finding] {
        guard let fault = configuration.secretFiles.first(where: { $0.key == .tlsKey })?.fault else { return [] }
        return [Finding("certificate", .problem, "The key \(tls.key) \(fault).")]
    }
}
