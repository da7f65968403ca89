import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// Describes errors of the network libraries as part of a sentence: their own descriptions contain function names, error codes
/// and build paths.
package enum ConnectionErrors {
    /// The errno of an error, such as `ECONNREFUSED`; nil if the system did not cause it.
    package static func systemNumber(of error: any Error) -> Int32? { (error as? IOError)?.errnoCode }

    /// Why a connection failed.
    static func unreachable(_ error: any Error) -> String {
        switch error {
        case let error as IOError: reason(error.errnoCode)
        case ChannelError.connectTimeout: "it did not answer in time"
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { unreachable($0.error) } ?? "it could not be reached"
        default: "it could not be reached"
        }
    }

    /// The system's text for an errno, such as `connection refused`.
    private static func reason(_ code: CInt) -> String {
        let text = String(cString: strerror(code))
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// What is wrong with a response that the HTTP parser rejected.
    static func malformed(_ error: HTTPParserError) -> String {
        switch error {
        case .invalidEOFState, .closedConnection: "it ends too early"
        case .headerOverflow: "its header is too long"
        case .invalidVersion, .invalidConstant: "it does not begin with a status line"
        case .invalidContentLength, .unexpectedContentLength, .invalidChunkSize:
            "its length is malformed"
        default: "its syntax is wrong"
        }
    }

    /// Why a TLS handshake failed. `certificate` is the peer's, if it arrived: the TLS library does not say why it rejected it.
    static func untrusted(_ error: any Error, certificate: PeerCertificate?, now: Int64) -> String {
        let text = "\(error)"
        if text.contains("CERTIFICATE_VERIFY_FAILED") { return verdict(on: certificate, now: now) }
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return "the certificate is for another name"
        }
        for (codes, sentence) in kinds where codes.contains(where: text.contains) { return sentence }
        return "the handshake failed"
    }

    private static func verdict(on certificate: PeerCertificate?, now: Int64) -> String {
        guard let certificate else { return unknownAuthority }
        if certificate.validity.upperBound <= now {
            return "the certificate expired on \(day(certificate.validity.upperBound))"
        }
        if certificate.validity.lowerBound > now {
            return "the certificate is not valid before \(day(certificate.validity.lowerBound))"
        }
        return unknownAuthority
    }

    private static let unknownAuthority = "the certificate is not signed by a trusted authority"

    private static func day(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601.year().month().day())
    }

    /// BoringSSL's error names; the peer sent those with `ALERT`.
    private static let kinds: [(codes: [String], sentence: String)] = [
        (
            ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST"],
            "the server does not speak TLS on this port"
        ),
        (
            ["UNSUPPORTED_PROTOCOL", "ALERT_PROTOCOL_VERSION", "UNKNOWN_PROTOCOL", "INAPPROPRIATE_FALLBACK"],
            "the server supports neither TLS 1.2 nor 1.3"
        ),
        (["UNRECOGNIZED_NAME"], "the server has no certificate for this name"),
        (
            ["CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE", "ALERT_NO_CERTIFICATE", "ALERT_ACCESS_DENIED"],
            "the server requires a client certificate, and Gatehouse has none"
        ),
        (
            ["ALERT_HANDSHAKE_FAILURE", "NO_SHARED", "NO_CIPHERS", "INSUFFICIENT_SECURITY", "ILLEGAL_PARAMETER"],
            "client and server have no cipher in common"
        ),
        (["EOF during"], "the server closed the connection during the handshake"),
    ]
}
