import NIOSSL
import Synchronization

/// The trusted certificate authorities: the system's and those of the `outbound.trust` files.
package final class TrustRoots: Sendable {
    /// The system's authorities alone.
    package static let system = TrustRoots(additional: [])

    private let additional: [NIOSSLCertificate]
    private let made = Mutex<NIOSSLContext?>(nil)

    /// Adds the authorities of PEM files, read now so that an unreadable file stops the start and not the first fetch.
    package convenience init(additionalFiles: [String]) throws(TrustRootsError) {
        var certificates: [NIOSSLCertificate] = []
        for file in additionalFiles {
            guard let found = try? NIOSSLCertificate.fromPEMFile(file), !found.isEmpty else {
                throw TrustRootsError(file: file)
            }
            certificates += found
        }
        self.init(additional: certificates)
    }

    private init(additional: [NIOSSLCertificate]) {
        self.additional = additional
    }

    /// The TLS context, made at first use: reading the system's authorities takes longer than the rest of a start.
    func context() throws -> NIOSSLContext {
        try made.withLock { made in
            if let made { return made }
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            configuration.certificateVerification = .fullVerification
            // The exchange handler speaks HTTP/1.1 only.
            configuration.applicationProtocols = ["http/1.1"]
            configuration.additionalTrustRoots = [.certificates(additional)]
            let context = try NIOSSLContext(configuration: configuration)
            made = context
            return context
        }
    }
}

/// An `outbound.trust` file without certificates.
package struct TrustRootsError: Error, Hashable, CustomStringConvertible {
    /// The file as configured.
    package let file: String

    package var description: String {
        "outbound.trust: \(file) is not a readable file of PEM certificates; correct or remove the path"
    }
}
