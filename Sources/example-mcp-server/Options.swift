import Foundation
import ResourceServer

/// What stands on the command line.
struct Options: Equatable {
    var host = "127.0.0.1"
    var port = 8090
    var resource = ""
    var issuer = "http://localhost:8080"
    var clientID = ""
    var clientSecret = ""
    var trust: [String] = []
    var isLocal = false
    /// How events come: pushed or fetched; nil when they do not.
    var events: EventDelivery?
    var upstreamAddress = ""
    var provider = ""
    /// How many seconds the work that goes on by itself rests before each step.
    var pace = 2
    var certificate = ""
    var key = ""

    static let usage = """
        usage: example-mcp-server --client-id ID --client-secret-file FILE [options]

          --listen HOST:PORT         where to listen (127.0.0.1:8090)
          --certificate FILE         speak HTTPS with this chain in PEM, so that people can be sent here to pay
          --key FILE                 its key in PEM
          --issuer URL               the authorization server (http://localhost:8080)
          --resource URL             this server's own URL (http://HOST:PORT/mcp, or https)
          --client-id ID             what `gatehouse resources add` printed
          --client-secret-file FILE  a file with the secret; else the variable EXAMPLE_CLIENT_SECRET
          --verify local             check tokens here instead of asking about each
          --events push              wait for events pushed to /events here instead of asking again and again
          --events poll              fetch events, where none can be pushed to
          --upstream URL             where pull requests are listed, as JSON, to a bearer token of --provider
          --provider NAME            the name that the authorization server knows the third party by
          --pace SECONDS             how long submit_expenses rests before each expense (2)
          --trust FILE               a further certificate authority in PEM; may be repeated
        """

    /// Reads the arguments; a flag that is not known is an error.
    init(_ arguments: [String], environment: [String: String]) throws(UsageError) {
        clientSecret = environment["EXAMPLE_CLIENT_SECRET"] ?? ""
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            guard flag.hasPrefix("--"), let value = rest.popFirst() else {
                throw UsageError("\(flag) needs a value and is no value itself.")
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
                throw UsageError("--events is push or poll, or is left out.")
            }
            events = delivery
        case "--verify":
            guard value == "local" || value == "introspection" else {
                throw UsageError("--verify is local or introspection.")
            }
            isLocal = value == "local"
        default: throw UsageError("\(flag) is not known.")
        }
    }

    private mutating func setAddress(_ value: String) throws(UsageError) {
        guard let colon = value.lastIndex(of: ":"), let port = UInt16(value[value.index(after: colon)...]) else {
            throw UsageError("--listen is HOST:PORT, for example 127.0.0.1:8090.")
        }
        host = String(value[..<colon])
        self.port = Int(port)
    }

    private mutating func setPace(_ value: String) throws(UsageError) {
        guard let seconds = Int(value), (1...3600).contains(seconds) else {
            throw UsageError("--pace is a whole number of seconds, 1 to 3600.")
        }
        pace = seconds
    }

    private static func secret(in file: String) throws(UsageError) -> String {
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw UsageError("The file \(file) cannot be read.")
        }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The same as the library wants it.
    var protection: ProtectedResourceConfiguration {
        var configuration = ProtectedResourceConfiguration(
            resource: resource, issuer: issuer, scopes: Toolbox.scopes,
            verification: isLocal ? .local : .introspection(clientID: clientID, clientSecret: clientSecret),
            name: "Example MCP server")
        configuration.trustedAuthorities = trust
        // It runs beside builds and browsers on machines of all sizes.
        configuration.answerTimeout = 15
        return configuration
    }

    /// The third party whose pull requests are listed.
    var upstream: Upstream? {
        get throws(UsageError) {
            upstreamAddress.isEmpty
                ? nil : try Upstream(address: upstreamAddress, provider: provider, trust: trust)
        }
    }

    /// The way to ask people, which only a server with credentials of its own has.
    var elicitations: Elicitations? {
        get throws(InvalidConfiguration) {
            guard !clientID.isEmpty, !clientSecret.isEmpty else { return nil }
            return try Elicitations(protection, clientID: clientID, clientSecret: clientSecret)
        }
    }
}

/// How events of the authorization server come.
enum EventDelivery: String {
    case push, poll
}

/// A command line that cannot be followed.
struct UsageError: Error, Equatable, CustomStringConvertible {
    let description: String

    init(_ sentence: String) {
        description = sentence
    }
}
