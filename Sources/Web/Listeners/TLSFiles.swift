import Glibc
import NIOCore
import NIOSSL
import Synchronization

/// Certificate and key of the main listener, when Gatehouse itself speaks TLS.
package struct TLSFiles: Hashable, Sendable {
    /// The file of the PEM chain.
    package let certificate: String
    /// The file of the certificate's key.
    package let key: String

    /// Names the files; nothing is read yet.
    package init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Why the files cannot be served, as one sentence that names the file; nil when they can.
    package var fault: String? {
        do throws(ListenerError) {
            _ = try context()
            return nil
        } catch {
            return error.description
        }
    }

    /// Reads both files and puts them together.
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
                "The key \(self.key) does not fit the certificate \(certificate): set 'tls.key' to the key that this "
                    + "certificate was made for.")
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
                "The key \(key) is encrypted, and a server has nobody to ask for its passphrase: set 'tls.key' to a file that "
                    + "'openssl pkey -in \(key) -out FILE' made, readable by the server alone.")
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

    /// Whether the PEM says of itself that it is encrypted, in either of its two ways.
    private var isEncrypted: Bool {
        guard let file = fopen(key, "re") else { return false }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64 * 1024)
        let count = fread(&bytes, 1, bytes.count, file)
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        return text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED")
    }
}

/// What the main listener proves itself with; new connections take what is current.
package final class TLSIdentity: Sendable {
    private let current: Mutex<NIOSSLContext>

    /// Reads the files for the first time.
    package init(_ files: TLSFiles) throws(ListenerError) {
        current = Mutex(try files.context())
    }

    /// Reads the files anew; what is returned puts them in the place of the old ones. Files that cannot be served are refused.
    package func prepared(_ files: TLSFiles) throws(ListenerError) -> @Sendable () -> Void {
        let context = try files.context()
        return { self.current.withLock { $0 = context } }
    }

    var context: NIOSSLContext { current.withLock { $0 } }
}
