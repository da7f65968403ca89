import AuthorizationServer
import MCPClient
import OAuth
import Outbound
import Storage

/// The checks of `gatehouse doctor --resource`: whether an MCP server and this server agree about each other.
struct ResourceCheck: Sendable {
    let configuration: ServerConfiguration
    let store: Store
    /// The contacts that a running server remembers; nil if none runs.
    let contacts: ServerContacts?
    var clock = WallClock.system

    /// Examines the MCP server with this URL or ID, and stores nothing.
    func findings(_ name: String) async throws -> [Finding] {
        let known = try await store.read { try $0.resources.list() }
        let named = known.first { $0.id.string == name }
        let identifier = try named?.identifier ?? ResourceIdentifier(name)
        let registration = Registration(identifier, among: known)
        let client = OperatorClient(
            roots: try TrustRoots(additionalFiles: configuration.outboundTrust), patience: 10, connections: 2,
            proxy: configuration.outboundProxyInUse)
        defer { client.close() }
        let probe: ResourceProbe
        do {
            probe = try await ResourceProbe(identifier.string, by: client, clock: clock)
        } catch let failure as ClientFailure {
            throw AdministrationError(.invalid, failure.description)
        }
        let published = PublishedResourceCheck(
            probe: probe, identifier: identifier, registered: registration.resource,
            issuer: try Issuer(configuration.issuer))
        var findings = [registration.finding(metadata: probe.place)] + published.findings
        if let resource = registration.resource {
            findings += ServerContactCheck(resource: resource, contacts: contacts).findings
            findings += try await ServerEventCheck(store: store, resource: resource, now: clock.now()).findings()
        }
        return findings
    }
}

/// Whether an MCP server is registered, and with which spelling.
private struct Registration {
    /// The registered MCP server; of one that is registered with another spelling, the nearest.
    let resource: Resource?
    private let asked: ResourceIdentifier
    private let near: ResourceNearMiss?

    init(_ asked: ResourceIdentifier, among known: [Resource]) {
        self.asked = asked
        let match = known.first { $0.identifier.matches(asked) }
        let near = match == nil ? ResourceNearMiss.nearest(asked, among: known.map(\.identifier)) : nil
        self.near = near
        resource = match ?? known.first { $0.identifier == near?.registered }
    }

    /// The finding; `metadata` is the place of the metadata document, if there is one.
    func finding(metadata: String?) -> Finding {
        guard let resource else {
            let command =
                metadata.map { "gatehouse resources add --from \(ShellWord.quoted($0)) --owner OWNER" }
                ?? "gatehouse resources add \(ShellWord.quoted(asked.string)) --name NAME --owner OWNER --scope NAME=DESCRIPTION"
            return Finding("registered", .problem, "\(asked) is not registered. Register it with: \(command)")
        }
        if let near {
            return Finding(
                "registered", .problem,
                "\(asked) is not registered. \(near.sentence) Use one spelling in the MCP server, in its clients and here."
            )
        }
        guard resource.isServed else {
            return Finding("registered", .problem, "'\(resource.name)' is disabled, so that no token for it is active.")
        }
        let words = "Registered as '\(resource.name)' of \(resource.owner), with the ID \(resource.id)."
        guard resource.identifier.string != asked.string else { return Finding("registered", .ok, words) }
        return Finding(
            "registered", .ok, "\(words) Tokens name it \(resource.identifier), which is another spelling of this URL.")
    }
}
