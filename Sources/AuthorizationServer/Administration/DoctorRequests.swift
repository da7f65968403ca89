/// What can be asked about how things are going.
package enum DoctorRequest: Codable, Hashable, Sendable {
    /// Tells what happened in the authorization that a reference belongs to.
    case attempt(reference: String)
    /// Tries the client whose metadata document lies at this URL, and keeps nothing.
    case client(String)
    /// Looks at everything that the server stands on.
    case examination
}
