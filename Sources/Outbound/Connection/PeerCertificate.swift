import NIOSSL
import Synchronization

/// What a server's certificate says of itself, after it was found to be good, or as it lies in a file.
package struct PeerCertificate: Hashable, Sendable {
    /// The DNS names that it bears.
    package let names: [String]
    /// From when and until when it holds, in seconds since 1970.
    package let validity: ClosedRange<Int64>

    /// The first certificate of a PEM file, as a server presents it; nil when there is none to read.
    package init?(file: String) {
        guard let certificate = try? NIOSSLCertificate.fromPEMFile(file).first else { return nil }
        self.init(certificate)
    }

    /// Whether it is for this DNS name.
    package func bears(_ host: String) -> Bool { names.contains { CertificateName.covers(host, $0) } }

    init(_ certificate: NIOSSLCertificate) {
        names = certificate._subjectAlternativeNames().compactMap { name in
            name.nameType == .dnsName ? String(decoding: name.contents, as: UTF8.self) : nil
        }
        let start = Int64(certificate.notValidBefore)
        validity = start...max(start, Int64(certificate.notValidAfter))
    }
}

/// Holds the certificate of a connection from its handshake on.
final class SeenCertificate: Sendable {
    private let seen = Mutex<NIOSSLCertificate?>(nil)

    func note(_ certificate: NIOSSLCertificate) { seen.withLock { $0 = certificate } }

    var value: PeerCertificate? { seen.withLock { $0 }.map(PeerCertificate.init) }
}
