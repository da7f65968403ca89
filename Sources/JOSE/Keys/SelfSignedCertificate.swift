import COpenSSL

/// A certificate that signs itself, for a host of this machine. Whoever is to accept it has to trust exactly this one.
package struct SelfSignedCertificate: Sendable {
    /// The certificate in PEM.
    package let certificate: [UInt8]
    /// Its private key in PEM, without a passphrase.
    package let key: [UInt8]

    /// A new key and its certificate for a DNS name of at most 100 characters, valid from now on for so many days.
    package init(host: String, days: Int) throws(KeyError) {
        guard (1...100).contains(host.utf8.count), let pair = COpenSSL_generate_P256(), let certificate = X509_new()
        else {
            throw .invalid
        }
        let owner = OpenSSLKey(pair)
        defer {
            X509_free(certificate)
            ERR_clear_error()
        }
        guard Self.describe(certificate, host, days), X509_set_pubkey(certificate, owner.pointer) == 1,
            X509_sign(certificate, owner.pointer, EVP_sha256()) > 0,
            let text = Self.written({ PEM_write_bio_X509($0, certificate) }),
            let secret = Self.written({ PEM_write_bio_PrivateKey($0, owner.pointer, nil, nil, 0, nil, nil) })
        else { throw .invalid }
        (self.certificate, key) = (text, secret)
    }

    /// Writes version, number, names and times; clocks may differ by five minutes.
    private static func describe(_ certificate: OpaquePointer, _ host: String, _ days: Int) -> Bool {
        let name = X509_get_subject_name(certificate)
        let latin1: Int32 = 0x1001
        let number = UInt64.random(in: 1...UInt64(Int64.max))
        // In DER: the sequence of one dNSName, and an empty sequence, which is no authority.
        let label = Array(host.utf8)
        let dns: [UInt8] = [0x30, UInt8(label.count + 2), 0x82, UInt8(label.count)] + label
        let extensions: [(Int32, Bool, [UInt8])] = [
            (NID_subject_alt_name, false, dns), (NID_basic_constraints, true, [0x30, 0]),
        ]
        return X509_set_version(certificate, 2) == 1
            && ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number) == 1
            && X509_gmtime_adj(X509_getm_notBefore(certificate), -300) != nil
            && X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86_400) != nil
            && X509_NAME_add_entry_by_txt(name, "CN", latin1, host, -1, -1, 0) == 1
            && X509_set_issuer_name(certificate, name) == 1
            && extensions.allSatisfy { add($0, isCritical: $1, $2, to: certificate) }
    }

    private static func add(
        _ kind: Int32, isCritical: Bool, _ value: [UInt8], to certificate: OpaquePointer
    ) -> Bool {
        guard let octets = ASN1_OCTET_STRING_new() else { return false }
        defer { ASN1_OCTET_STRING_free(octets) }
        guard ASN1_OCTET_STRING_set(octets, value, Int32(value.count)) == 1,
            let written = X509_EXTENSION_create_by_NID(nil, kind, isCritical ? 1 : 0, octets)
        else { return false }
        defer { X509_EXTENSION_free(written) }
        return X509_add_ext(certificate, written, -1) == 1
    }

    /// What a function of OpenSSL writes; nil if it fails.
    private static func written(_ write: (OpaquePointer) -> Int32) -> [UInt8]? {
        guard let file = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(file) }
        var text: UnsafeMutablePointer<CChar>?
        guard write(file) == 1 else { return nil }
        let count = COpenSSL_BIO_get_mem_data(file, &text)
        guard count > 0, let text else { return nil }
        return UnsafeRawBufferPointer(start: text, count: count).map { $0 }
    }
}
