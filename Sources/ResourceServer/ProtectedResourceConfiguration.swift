import Glibc
import OAuth

/// What a `ProtectedResource` has to know about its MCP server and about the authorization server it trusts.
public struct ProtectedResourceConfiguration: Sendable {
    /// The URL of the MCP server, spelled as it is registered with the authorization server.
    public var resource: String
    /// The issuer of the one authorization server whose tokens count.
    public var issuer: String
    /// The scopes that operations here may demand.
    public var scopes: [ProtectedScope]
    /// How tokens are checked.
    public var verification: TokenVerification
    /// The name for people, published in the metadata.
    public var name: String?
    /// Where people read about the MCP server, published in the metadata.
    public var documentation: String?
    /// Files with further certificate authorities, in PEM, for an authorization server with a private certificate.
    public var trustedAuthorities: [String] = []
    /// How many seconds the authorization server may take for an answer before a request here is refused with 503.
    public var answerTimeout: Int64 = 3
    /// How many seconds the two clocks may differ.
    public var allowedClockSkew: Int64 = 0
    /// Seconds since 1970.
    public var clock: @Sendable () -> Int64 = { Int64(time(nil)) }

    /// Describes an MCP server; everything else has a default.
    public init(
        resource: String, issuer: String, scopes: [ProtectedScope] = [], verification: TokenVerification,
        name: String? = nil, documentation: String? = nil
    ) {
        self.resource = resource
        self.issuer = issuer
        self.scopes = scopes
        self.verification = verification
        self.name = name
        self.documentation = documentation
    }
}

extension ProtectedResourceConfiguration {
    /// Whose tokens count, and for whom they have to be.
    var parties: (issuer: Issuer, resource: ResourceIdentifier) {
        get throws(InvalidConfiguration) {
            do throws(OAuthValueError) {
                return (try Issuer(issuer), try ResourceIdentifier(resource))
            } catch {
                throw InvalidConfiguration(error)
            }
        }
    }
}
