import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import JOSE
import NIOSSL
import ResourceServer

/// The options of the command line.
struct Options: Equatable {
    var host = "127.0.0.1"
    var port = 8090
    var resource = ""
    var issuer = "http://localhost:8080"
    var clientID = ""
    var clientSecret = ""
    var trust: [String] = []
    var isLocal = false
    /// Whether every token must be bound to a key of its client.
    var demandsProofs = false
    /// The delivery of events; nil without events.
    var events: EventDelivery?
    var upstreamAddress = ""
    var provider = ""
    /// Seconds of pause before each step of background work.
    var pace = 2
    var certificate = ""
    var key = ""

    static let usage = """
        usage: example-mcp-server --client-id ID --client-secret-file FILE [options]

          --listen HOST:PORT         the address to listen on (127.0.0.1:8090)
          --certificate FILE         serve HTTPS with this PEM chain; the payment page needs it
          --key FILE                 the private key in PEM
          --issuer URL               the authorization server (http://localhost:8080)
          --resource URL             this server's own URL (http://HOST:PORT/mcp, or https)
          --client-id ID             the client id that `gatehouse resources add` printed
          --client-secret-file FILE  a file with the client secret; default: the variable EXAMPLE_CLIENT_SECRET
          --verify local             verify tokens locally instead of introspecting each one
          --dpop required            refuse bearer tokens, and demand proofs (DPoP) with nonces of this server
          --events push              receive events at /events, instead of polling each elicitation
          --events poll              fetch events by long polling, where none can be pushed
          --upstream URL             the API that lists pull requests for a token of --provider
          --provider NAME            the name of the provider at the authorization server
          --pace SECONDS             the pause of submit_expenses before each expense (2)
          --trust FILE               an additional certificate authority in PEM; repeatable
        """

    /// Parses the arguments; an unknown option is an error.
    init(_ arguments: [String], environment: [String: String]) throws(UsageError) {
        clientSecret = environment["EXAMPLE_CLIENT_SECRET"] ?? ""
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            guard flag.hasPrefix("--"), let value = rest.popFirst() else {
                throw UsageError("\(flag) is no option or lacks its value. See --help.")
            }
            try set(flag, value)
        }
        guard certificate.isEmpty == key.isEmpty else {
            throw UsageError("Give --certificate and --key together, or neither.")
        }
        if resource.isEmpty { resource = "\(certificate.isEmpty ? "http" : "https")://\(host):\(port)/mcp" }
        guard (isLocal && events == nil) || (!clientID.isEmpty && !clientSecret.isEmpty) else {
            throw UsageError("Give --client-id and --client-secret-file, or --verify local without --events.")
        }
        guard upstreamAddress.isEmpty == provider.isEmpty else {
            throw UsageError("Give --upstream and --provider together, or neither.")
        }
    }

    private mutating func set(_ flag: String, _ value: String) throws(UsageError) {
        switch flag {
        case "--listen": try setAddress(value)
        case "--issuer": issuer = value
        case "--resource": resource = value
        case "--client-id": clientID = value
        case "--client-secret-file": clientSecret = try Self.secret(in: value)
        case "--trust": trust.append(value)
        case "--upstream": upstreamAddress = value
        case "--provider": provider = value
        case "--pace": try setPace(value)
        case "--certificate": certificate = value
        case "--key": key = value
        case "--events":
            guard let delivery = EventDelivery(rawValue: value) else {
                throw UsageError("--events must be push or poll.")
            }
            events = delivery
        case "--dpop":
            guard value == "required" || value == "accepted" else {
                throw UsageError("--dpop must be required or accepted.")
            }
            demandsProofs = value == "required"
        case "--verify":
            guard value == "local" || value == "introspection" else {
                throw UsageError("--verify must be local or introspection.")
            }
            isLocal = value == "local"
        default: throw UsageError("Unknown option \(flag). See --help.")
        }
    }

    private mutating func setAddress(_ value: String) throws(UsageError) {
        guard let colon = value.lastIndex(of: ":"), let port = UInt16(value[value.index(after: colon)...]) else {
            throw UsageError("--listen must be HOST:PORT, for example 127.0.0.1:8090.")
        }
        host = String(value[..<colon])
        self.port = Int(port)
    }

    private mutating func setPace(_ value: String) throws(UsageError) {
        guard let seconds = Int(value), (1...3600).contains(seconds) else {
            throw UsageError("--pace must be a whole number of seconds from 1 to 3600.")
        }
        pace = seconds
    }

    private static func secret(in file: String) throws(UsageError) -> String {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw UsageError("The file \(file) cannot be read.")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The options as the configuration of the library.
    var protection: ProtectedResourceConfiguration {
        var configuration = ProtectedResourceConfiguration(
            resource: resource, issuer: issuer, scopes: Toolbox.scopes,
            verification: isLocal ? .local : .introspection(clientID: clientID, clientSecret: clientSecret),
            name: "Example MCP server")
        configuration.trustedAuthorities = trust
        // One process needs no shared secret for its nonces.
        configuration.proofs = ProofConfiguration(
            areRequired: demandsProofs, nonceKey: demandsProofs ? Random.bytes(32) : nil)
        // Generous, because tests run this server on busy machines.
        configuration.answerTimeout = 15
        return configuration
    }

    /// The third party that lists pull requests; nil without --upstream.
    var upstream: Upstream? {
        get throws(UsageError) {
            upstreamAddress.isEmpty
                ? nil : try Upstream(address: upstreamAddress, provider: provider, trust: trust)
        }
    }

    /// The client for elicitations; nil without credentials of this server.
    var elicitations: Elicitations? {
        get throws(InvalidConfiguration) {
            guard !clientID.isEmpty, !clientSecret.isEmpty else { return nil }
            return try Elicitations(protection, clientID: clientID, clientSecret: clientSecret)
        }
    }
}

extension Options {
    /// The server's transport: HTTPS with a certificate, HTTP without.
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

/// The delivery of the authorization server's events.
enum EventDelivery: String {
    case push, poll
}

/// An invalid command line.
struct UsageError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ sentence: String) {
        description = sentence
    }
}
