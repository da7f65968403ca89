import NIOSSL
import Synchronization

/// The certificate authorities that a server's certificate may come from: the system's, and the files of `outbound.trust`.
package final class TrustRoots: Sendable {
    /// The system's authorities alone.
    package static let system = TrustRoots(additional: [])

    private let additional: [NIOSSLCertificate]
    private let made = Mutex<NIOSSLContext?>(nil)

    /// Reads further authorities from PEM files, so that an unreadable one is known at start and not at the first fetch.
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

    /// Made at first use: reading the system's authorities costs more than the rest of a start.
    func context() throws -> NIOSSLContext {
        try made.withLock { made in
            if let made { return made }
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            configuration.certificateVerification = .fullVerification
            configuration.applicationProtocols = ["http/1.1"]
            configuration.additionalTrustRoots = [.certificates(additional)]
            let context = try NIOSSLContext(configuration: configuration)
            made = context
            return context
        }
    }
}

/// A file of `outbound.trust` that holds no certificate authority.
package struct TrustRootsError: Error, Hashable, CustomStringConvertible {
    /// The file as configured.
    package let file: String

    package var description: String {
        "outbound.trust: \(file) is not a readable file of PEM certificates; correct the path or take it out"
    }
}
