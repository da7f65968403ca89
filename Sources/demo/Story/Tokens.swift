import JOSE

/// A response of the token endpoint.
struct Tokens {
    let access: String
    let refresh: String
    let scope: String
    let expiresIn: Int64

    init(_ object: JSONObject) throws {
        guard let access = object["access_token"]?.string, let refresh = object["refresh_token"]?.string,
            let scope = object["scope"]?.string, let expiresIn = object["expires_in"]?.integer
        else {
            throw StoryFailure(
                expected: "an access token and a refresh token with their scope",
                found: "the response has \(object.members.map(\.name).joined(separator: ", "))")
        }
        (self.access, self.refresh, self.scope, self.expiresIn) = (access, refresh, scope, expiresIn)
    }

    /// The claims of the access token, for display only: to a client the token is opaque.
    var claims: JSONObject {
        let parts = access.split(separator: ".")
        guard parts.count == 3, let payload = Base64URL.decode(parts[1]) else { return [:] }
        return (try? JSONObject(parsing: payload)) ?? [:]
    }
}
