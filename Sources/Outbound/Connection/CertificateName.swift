import NIOSSL

/// Whether a certificate bears the very name that was asked for.
///
/// NIOSSL also accepts a certificate for the address that was dialled, and a common name. A name was asked for, so a
/// certificate for its address proves nothing: whoever can forge a name's address could get one for an address of theirs.
///
/// Spec: RFC 9525 §6.3
enum CertificateName {
    static func stands(_ host: String, in certificate: NIOSSLCertificate) -> Bool {
        certificate._subjectAlternativeNames().contains { name in
            name.nameType == .dnsName && covers(host, String(decoding: name.contents, as: UTF8.self))
        }
    }

    /// A `*` stands for one whole first label, never for a part of one and never for several.
    static func covers(_ host: String, _ presented: String) -> Bool {
        let host = host.lowercased()
        let presented = presented.lowercased()
        guard presented.hasPrefix("*.") else { return presented == host }
        guard let dot = host.firstIndex(of: "."), dot > host.startIndex else { return false }
        let rest = presented.dropFirst()
        return rest.dropFirst().contains(".") && host[dot...] == rest
    }
}
