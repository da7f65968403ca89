import ArgumentParser
import AuthorizationServer
import Testing

@testable import gatehouse

@Suite("clients permit and clients add --service")
struct ClientPermitCommandTests {
    private func permission(_ arguments: [String]) async throws -> ClientPermissionRequest? {
        let configuration = try ServerConfiguration.load(file: nil)
        guard
            case .clients(.permissions(let request)) = try await ClientPermitCommand.parse(arguments).request(
                configuration)
        else { return nil }
        return request
    }

    private func draft(_ arguments: [String]) throws -> ClientDraft? {
        let configuration = try ServerConfiguration.load(file: nil)
        guard case .clients(.add(let draft)) = try Clients.Add.parse(arguments).request(configuration) else {
            return nil
        }
        return draft
    }

    @Test func `permit shows, sets and withdraws`() async throws {
        #expect(try await permission(["nightly"]) == .show(client: "nightly"))
        let resource = "https://a.example/mcp"
        let set = ClientPermissionRequest.set(client: "nightly", resource: resource, scopes: ["a", "b"], reason: "T1")
        let arguments = ["nightly", "--resource", resource, "--scope", "a", "--scope", "b", "--reason", "T1", "--yes"]
        #expect(try await permission(arguments) == set)
        let withdrawn = ClientPermissionRequest.withdraw(client: "nightly", resource: resource)
        #expect(try await permission(["nightly", "--resource", resource, "--revoke", "--yes"]) == withdrawn)
    }

    @Test(arguments: [
        ["nightly", "--scope", "a"], ["nightly", "--revoke"], ["nightly", "--resource", "r"],
        ["nightly", "--resource", "r", "--scope", "a", "--revoke"],
    ])
    func `permit refuses options that contradict each other`(arguments: [String]) {
        #expect(throws: (any Error).self) { try ClientPermitCommand.parse(arguments) }
    }

    @Test func `a service client needs no redirect and authenticates with a secret`() throws {
        let service = try draft(["--name", "N", "--service", "--resource", "r", "--scope", "a", "--scope", "b"])
        #expect(service?.serviceScopes == ["a", "b"] && service?.authMethod == "client_secret_basic")
        #expect(service?.redirectURIs == [] && service?.resources == ["r"])
        let posting = ["--name", "N", "--service", "--resource", "r", "--scope", "a", "--auth", "client_secret_post"]
        #expect(try draft(posting)?.authMethod == "client_secret_post")
        let ordinary = try draft(["--name", "N", "--redirect-uri", "https://a.example/cb"])
        #expect(ordinary?.serviceScopes == nil && ordinary?.authMethod == "none")
    }

    @Test(arguments: [
        ["--service"], ["--service", "--resource", "r"], ["--service", "--scope", "a"],
        ["--service", "--resource", "r", "--resource", "s", "--scope", "a"],
        ["--service", "--resource", "r", "--scope", "a", "--redirect-uri", "https://a.example/cb"],
        ["--redirect-uri", "https://a.example/cb", "--scope", "a"], [],
        ["--service", "--resource", "r", "--scope", "a", "--auth", "none"],
        ["--service", "--resource", "r", "--scope", "a", "--preset", "gemini-cli"],
        ["--service", "--resource", "r", "--scope", "a", "--own-scheme", "b"],
    ])
    func `add refuses what does not describe one kind of client`(arguments: [String]) {
        #expect(throws: (any Error).self) { try Clients.Add.parse(["--name", "N"] + arguments) }
    }
}
