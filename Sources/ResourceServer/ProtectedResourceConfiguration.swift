import Glibc
import OAuth

/// The configuration of a `ProtectedResource`: its MCP server and the authorization server that it trusts.
public struct ProtectedResourceConfiguration: Sendable {
    /// The URL of the MCP server, exactly as registered at the authorization server.
    public var resource: String
    /// The issuer URL of the trusted authorization server.
    public var issuer: String
    /// The scopes that operations of this MCP server may require.
    public var scopes: [ProtectedScope]
    /// How access tokens are verified.
    public var verification: TokenVerification
    /// The display name (`resource_name` of the metadata).
    public var name: String?
    /// The URL of the documentation (`resource_documentation` of the metadata).
    public var documentation: String?
    /// How proofs of possession are verified; nil to refuse every token that is bound to a key.
    public var proofs: ProofConfiguration?
    /// PEM files with additional certificate authorities, for an authorization server with a private certificate.
    public var trustedAuthorities: [String] = []
    /// Seconds to wait for the authorization server before a request is refused with 503.
    public var answerTimeout: Int64 = 3
    /// Seconds of tolerated difference between the two clocks.
    public var allowedClockSkew: Int64 = 0
    /// The current time in seconds since 1970.
    public var clock: @Sendable () -> Int64 = { Int64(time(nil)) }

    /// Makes a configuration; every property that is not a parameter has a default.
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
    /// The parsed issuer and resource.
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
