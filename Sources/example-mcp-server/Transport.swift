import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import NIOSSL

extension Options {
    /// How the server is spoken to: by HTTPS where it has a certificate.
    var transport: HTTPServerBuilder {
        get throws(UsageError) {
            guard !certificate.isEmpty else { return .http1() }
            do {
                let chain = try NIOSSLCertificate.fromPEMFile(certificate)
                var configuration = TLSConfiguration.makeServerConfiguration(
                    certificateChain: chain.map { .certificate($0) },
                    privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
                configuration.minimumTLSVersion = .tlsv12
                return try .tls(.http1(), tlsConfiguration: configuration)
            } catch {
                throw UsageError("--certificate and --key cannot be used together: \(error)")
            }
        }
    }
}
