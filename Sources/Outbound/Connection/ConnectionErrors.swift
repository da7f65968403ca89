import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What the errors of the network libraries mean, each as a part of a sentence: their own words name functions, error codes and
/// the paths of the machine that built them.
package enum ConnectionErrors {
    /// The system's number of an error, such as `ECONNREFUSED`; nil for one that the system has no part in.
    package static func systemNumber(of error: any Error) -> Int32? { (error as? IOError)?.errnoCode }

    /// Why no connection came about.
    static func unreachable(_ error: any Error) -> String {
        switch error {
        case let error as IOError: reason(error.errnoCode)
        case ChannelError.connectTimeout: "it did not answer in time"
        case let error as NIOConnectionError:
            error.connectionErrors.first.map { unreachable($0.error) } ?? "it could not be reached"
        default: "it could not be reached"
        }
    }

    /// What the system says of an error's number, such as `connection refused`.
    private static func reason(_ code: CInt) -> String {
        let text = String(cString: strerror(code))
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// What is wrong with an answer that the parser of HTTP gave up on.
    static func malformed(_ error: HTTPParserError) -> String {
        switch error {
        case .invalidEOFState, .closedConnection: "it ends too early"
        case .headerOverflow: "its header is too long"
        case .invalidVersion, .invalidConstant: "it begins with something else"
        case .invalidContentLength, .unexpectedContentLength, .invalidChunkSize:
            "its length is not told as HTTP tells it"
        default: "its syntax is wrong"
        }
    }

    /// Why TLS did not come about. `certificate` is what the other end showed, if it came that far: the library that judges it does
    /// not say what it dislikes.
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

    private static let unknownAuthority = "no authority that is trusted here has signed the certificate"

    private static func day(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601.year().month().day())
    }

    /// BoringSSL's names of what goes wrong; an `ALERT` is what the other end said.
    private static let kinds: [(codes: [String], sentence: String)] = [
        (
            ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST"],
            "the other end does not speak TLS at this port"
        ),
        (
            ["UNSUPPORTED_PROTOCOL", "ALERT_PROTOCOL_VERSION", "UNKNOWN_PROTOCOL", "INAPPROPRIATE_FALLBACK"],
            "the other end speaks no TLS version from 1.2 on"
        ),
        (["UNRECOGNIZED_NAME"], "the other end has no certificate for this name"),
        (
            ["CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE", "ALERT_NO_CERTIFICATE", "ALERT_ACCESS_DENIED"],
            "the other end demands a certificate of its clients, and Gatehouse has none"
        ),
        (
            ["ALERT_HANDSHAKE_FAILURE", "NO_SHARED", "NO_CIPHERS", "INSUFFICIENT_SECURITY", "ILLEGAL_PARAMETER"],
            "both ends have no cipher in common"
        ),
        (["EOF during"], "the other end ended the connection during the handshake"),
    ]
}
