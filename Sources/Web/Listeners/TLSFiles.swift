import Glibc
import NIOCore
import NIOSSL
import Synchronization

/// The files with the certificate and the key of the main listener, if Gatehouse itself terminates TLS.
package struct TLSFiles: Hashable, Sendable {
    /// The path of the certificate chain in PEM.
    package let certificate: String
    /// The path of the certificate's private key in PEM.
    package let key: String

    /// Names the files without reading them.
    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// The problem of the files in one sentence that names the file; nil if the server can use them.
    package var fault: String? {
        do throws(ListenerError) {
            _ = try context()
            return nil
        } catch {
            return error.description
        }
    }

    /// Reads both files and checks that they match.
    func context() throws(ListenerError) -> NIOSSLContext {
        let chain = try chain()
        let key = try privateKey()
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ListenerError(
                "The key \(self.key) does not match the certificate \(certificate): set 'tls.key' to the key of this "
                    + "certificate.")
        }
    }

    private func chain() throws(ListenerError) -> [NIOSSLCertificate] {
        if let chain = try? NIOSSLCertificate.fromPEMFile(certificate), !chain.isEmpty { return chain }
        try requireReadable(certificate, "certificate")
        throw ListenerError("The certificate \(certificate) is not a PEM chain: set 'tls.certificate' to one.")
    }

    private func privateKey() throws(ListenerError) -> NIOSSLPrivateKey {
        try requireReadable(key, "key")
        if isEncrypted {
            throw ListenerError(
                "The key \(key) is encrypted, and a server cannot ask for its passphrase: decrypt it with "
                    + "'openssl pkey -in \(key) -out FILE', let only the server read FILE, and set 'tls.key' to it.")
        }
        guard let key = try? NIOSSLPrivateKey(file: key, format: .pem) else {
            throw ListenerError("The key \(key) is not a private key in PEM: set 'tls.key' to one.")
        }
        return key
    }

    private func requireReadable(_ path: String, _ what: String) throws(ListenerError) {
        guard access(path, R_OK) != 0 else { return }
        throw ListenerError(
            "The \(what) \(path) cannot be read (\(String(cString: strerror(errno)))): let the server's user read it, or "
                + "correct 'tls.\(what)'.")
    }

    /// Whether the PEM declares that it is encrypted, in PKCS #8 or in the traditional format.
    private var isEncrypted: Bool {
        guard let file = fopen(key, "re") else { return false }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        return text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED")
    }
}

/// The current certificate and key of the main listener. New connections use them, and SIGHUP replaces them.
package final class TLSIdentity: Sendable {
    private let current: Mutex<NIOSSLContext>

    /// Reads the files; throws if the server cannot use them.
    package init(_ files: TLSFiles) throws(ListenerError) {
        current = Mutex(try files.context())
    }

    /// Reads the files again and returns the action that puts them into use; throws if the server cannot use them.
    package func prepared(_ files: TLSFiles) throws(ListenerError) -> @Sendable () -> Void {
        let context = try files.context()
        return { self.current.withLock { $0 = context } }
    }

    var context: NIOSSLContext { current.withLock { $0 } }
}
