import AuthorizationServer
import OAuth
import Outbound
import Web

/// Checks the certificate: its validity, its names, its key file, and whether the server presents it.
struct TLSCheck {
    /// The days before its expiry in which a certificate should be renewed.
    private static let renewalPeriod: Int64 = 14

    private let configuration: ServerConfiguration
    private let probe: IssuerProbe
    private let now: Timestamp

    init(_ configuration: ServerConfiguration, _ probe: IssuerProbe, now: Timestamp) {
        self.configuration = configuration
        self.probe = probe
        self.now = now
    }

    var findings: [Finding] {
        if let tls = configuration.tls { return certificateFile(tls) + keyPair(tls) + keyFile(tls) }
        guard probe.issuer?.isHTTPS ?? false else { return [] }
        guard let certificate = presented else {
            return [Finding("certificate", .warning, "The issuer presented no certificate that could be checked.")]
        }
        return [finding(certificate, named: "of the issuer")]
    }

    /// The certificate that the issuer presented to the probe.
    private var presented: PeerCertificate? { try? probe.answer.get().certificate }

    private func certificateFile(_ tls: ServerConfiguration.TLS) -> [Finding] {
        guard let certificate = PeerCertificate(file: tls.certificate) else {
            return [
                Finding("certificate", .problem, "\(tls.certificate) is not a readable PEM certificate. Replace it.")
            ]
        }
        let finding = finding(certificate, named: tls.certificate)
        guard finding.state == .ok, let presented, presented != certificate else { return [finding] }
        return [
            Finding(
                "certificate", .warning,
                "The server presents another certificate than \(tls.certificate). Send it SIGHUP to use the file.")
        ]
    }

    /// The fault for which `serve` would not start. `certificateFile` reports an unreadable certificate.
    private func keyPair(_ tls: ServerConfiguration.TLS) -> [Finding] {
        guard PeerCertificate(file: tls.certificate) != nil, let fault = tls.files.fault else { return [] }
        return [Finding("certificate", .problem, fault)]
    }

    private func finding(_ certificate: PeerCertificate, named name: String) -> Finding {
        let days = (certificate.validity.upperBound - now.seconds) / 86_400
        let host = probe.issuer?.host ?? ""
        let place = configuration.tls == nil ? " at the proxy" : ""
        if certificate.validity.upperBound <= now.seconds {
            return Finding("certificate", .problem, "The certificate \(name) has expired. Renew it\(place).")
        }
        if certificate.validity.lowerBound > now.seconds {
            return Finding(
                "certificate", .problem, "The certificate \(name) is not valid yet. Check the clock, or replace it.")
        }
        guard certificate.bears(host) || Self.isLiteral(host) else {
            return Finding(
                "certificate", .problem,
                "The certificate \(name) is for \(certificate.names.prefix(4).joined(separator: ", ")) and not for \(host). "
                    + "Replace it\(place).")
        }
        return days < Self.renewalPeriod
            ? Finding(
                "certificate", .warning,
                "The certificate \(name) expires in \(Sentence.count(days, "day")). Renew it\(place).")
            : Finding("certificate", .ok, "The certificate \(name) is valid for \(Sentence.count(days, "more day")).")
    }

    private static func isLiteral(_ host: String) -> Bool {
        host.hasPrefix("[") || CanonicalAddress(host) != nil
    }

    private func keyFile(_ tls: ServerConfiguration.TLS) -> [Finding] {
        guard let fault = configuration.secretFiles.first(where: { $0.key == ConfigurationKeys.all.tlsKey.key })?.fault
        else { return [] }
        return [Finding("certificate", .problem, "The key \(tls.key) \(fault)")]
    }
}
