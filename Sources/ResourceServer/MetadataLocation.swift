import OAuth

/// Where the metadata of a protected resource is published.
///
/// Spec: RFC 9728 §3.1
struct MetadataLocation {
    static let suffix = "/.well-known/oauth-protected-resource"

    /// The path to answer.
    let path: String
    /// The URL that challenges name.
    let url: String

    /// Puts the suffix between host and path; a path that is a slash alone is left out.
    init(of resource: ResourceIdentifier) {
        path = Self.suffix + (resource.path == "/" ? "" : resource.path)
        url = resource.origin + path + (resource.query.map { "?\($0)" } ?? "")
    }
}
