import NIOSSL
import Synchronization

/// Names and validity of a server's certificate.
package struct PeerCertificate: Hashable, Sendable {
    /// The DNS names of its subject alternative names.
    package let names: [String]
    /// The validity period, in seconds since 1970.
    package let validity: ClosedRange<Int64>

    /// Reads the first certificate of a PEM file; nil if the file cannot be read or holds none.
    package init?(file: String) {
        guard let certificate = try? NIOSSLCertificate.fromPEMFile(file).first else { return nil }
        self.init(certificate)
    }

    /// Whether the certificate is for this DNS name.
    package func bears(_ host: String) -> Bool { names.contains { CertificateName.matches(host, $0) } }

    init(_ certificate: NIOSSLCertificate) {
        // NIOSSL has no stable API for these names, and a second X.509 library would link a second BoringSSL for them.
        names = certificate._subjectAlternativeNames().compactMap { name in
            name.nameType == .dnsName ? String(decoding: name.contents, as: UTF8.self) : nil
        }
        // A malformed certificate may end before it starts, which a range must not.
        let start = Int64(certificate.notValidBefore)
        validity = start...max(start, Int64(certificate.notValidAfter))
    }
}

/// Compares a host name with the DNS names of a certificate.
///
/// NIOSSL also accepts a certificate for the dialled IP address, and a common name. For a request by name neither proves
/// anything: an attacker who forges the name's address in DNS can get a certificate for an address of their own.
///
/// Spec: RFC 9525 §6.3
enum CertificateName {
    /// Whether a presented name matches the host. A `*` matches exactly one whole first label.
    static func matches(_ host: String, _ presented: String) -> Bool {
        let host = host.lowercased()
        let presented = presented.lowercased()
        guard presented.hasPrefix("*.") else { return presented == host }
        guard let dot = host.firstIndex(of: "."), dot > host.startIndex else { return false }
        let rest = presented.dropFirst()
        return rest.dropFirst().contains(".") && host[dot...] == rest
    }
}

/// The peer's certificate of a connection, set during the handshake.
final class SeenCertificate: Sendable {
    private let seen = Mutex<NIOSSLCertificate?>(nil)

    func set(_ certificate: NIOSSLCertificate) { seen.withLock { $0 = certificate } }

    var value: PeerCertificate? { seen.withLock { $0 }.map(PeerCertificate.init) }
}
